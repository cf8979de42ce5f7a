"""Models of the hub: fetched whole, resumed, checked, and each fault told in one sentence."""

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import huggingface_hub
import pytest
import torch
import transformers
from huggingface_hub import constants
from local_server import serving
from scratchlm.cli.main import main
from scratchlm.errors import InputError
from scratchlm.interop import fetch_model, load_model
from scratchlm.tokenizer import TOKENIZER_FILE, train_bpe
from scratchlm.world import corpus
from scratchlm.zoo import load

NAME = "village/tiny"
COMMITS = {"main": "1" * 40, "old": "2" * 40}
CHUNK = 4096


def git_sha1(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Hub:
    """The part of the hub that the library talks to, with faults on demand."""

    files: dict[str, bytes]
    url: str = ""
    cut: int | None = None  # a transfer of weights ends after so many bytes
    cuts: int = 0  # this often
    dies: bool = False  # and no other begins
    sent: dict[str, bytes] = field(default_factory=dict)  # instead of the files
    refuse: dict[str, tuple[int, str]] = field(default_factory=dict)  # by a part of the path
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)

    def checksum(self, file):
        content, large = self.files[file], file.endswith((".safetensors", ".bin"))
        return hashlib.sha256(content).hexdigest() if large else git_sha1(content)

    def answer(self, path):
        """Status, headers and content for a path."""
        for part, (status, code) in self.refuse.items():
            if part in path:
                return status, {"X-Error-Code": code}, b""
        if match := re.fullmatch(rf"/api/models/{NAME}/revision/(\w+)", path):
            if (commit := COMMITS.get(match[1], match[1])) not in COMMITS.values():
                return 404, {"X-Error-Code": "RevisionNotFound"}, b""
            siblings = [self.entry(file, "rfilename", "blobId", "sha256") for file in self.files]
            return 200, {}, {"id": NAME, "sha": commit, "siblings": siblings}
        if re.fullmatch(rf"/api/models/{NAME}/tree/\w+", path):
            return 200, {}, [self.entry(file, "path", "oid", "oid") for file in self.files]
        match = re.fullmatch(rf"/{NAME}/resolve/(\w+)/(.+)", path)
        if match and match[2] in self.files:
            content = self.sent.get(match[2], self.files[match[2]])
            commit = COMMITS.get(match[1], match[1])
            return 200, {"ETag": f'"{self.checksum(match[2])}"', "X-Repo-Commit": commit}, content
        return 404, {"X-Error-Code": "RepoNotFound"}, b""

    def entry(self, file, name, git, large):
        """What the hub tells about a file; of a large one, git holds only a pointer."""
        size, checksum = len(self.files[file]), self.checksum(file)
        entry = {"type": "file", name: file, "size": size, git: checksum}
        if len(checksum) == 64:
            entry[git] = git_sha1(checksum.encode())
            entry["lfs"] = {large: checksum, "size": size, "pointerSize": 130}
        return entry

    def serve(self, handler, body):
        path, _, _ = handler.path.partition("?")
        status, headers, content = self.answer(path)
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        wanted = handler.headers.get("Range")
        self.asked.append((handler.command, path, wanted))
        if status == 200 and wanted:
            first = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
            status, content = 206, content[first:]
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if body and self.cuts and path.endswith(".safetensors"):
            self.cuts -= 1
            self.refuse |= {".safetensors": (500, "")} if self.dies else {}
            content, handler.close_connection = content[: self.cut], True
        if body:
            handler.wfile.write(content)

    def fetched(self, file):
        """What was asked for in order to get a file: the range, or None for the whole."""
        return [
            wanted
            for command, path, wanted in self.asked
            if (command, path.rsplit("/", 1)[-1]) == ("GET", file)
        ]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A tiny random GPT-2 of theirs with a tokenizer: in one file, and in several."""
    tokenizer = train_bpe([story.text for story in corpus("train", 20)], 300)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=304, n_positions=64, n_embd=24, n_layer=2, bos_token_id=299, eos_token_id=299
    )
    model = transformers.GPT2LMHeadModel(config)
    found = {"one": tmp_path_factory.mktemp("one"), "shards": tmp_path_factory.mktemp("shards")}
    model.save_pretrained(found["one"])
    model.save_pretrained(found["shards"], max_shard_size="30KB")
    for folder in found.values():
        tokenizer.save(folder / TOKENIZER_FILE)
        (folder / "pytorch_model.bin").write_bytes(b"a pickle")
        (folder / "README.md").write_text("About this model.")
    return found


@pytest.fixture
def hub(folders, tmp_path, monkeypatch):
    """A hub with the model, and a library that knows no other and has an empty cache."""
    state = Hub({path.name: path.read_bytes() for path in folders["one"].iterdir()})
    with serving(state.serve) as state.url:
        connect(monkeypatch, state.url)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
        monkeypatch.setattr("time.sleep", lambda seconds: None)  # between tries
        yield state


def connect(monkeypatch, url):
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def disconnect(monkeypatch):
    connect(monkeypatch, "http://127.0.0.1:9")  # nobody listens there


def assert_same(folder, files, wanted):
    assert sorted(path.name for path in folder.iterdir()) == sorted(wanted)
    assert all((folder / name).read_bytes() == files[name] for name in wanted)


NEEDED = ["config.json", "generation_config.json", "tokenizer.json", "model.safetensors"]


def test_what_is_needed_is_fetched_once_and_nothing_else(hub, folders):
    folder = fetch_model(NAME)
    assert_same(folder, hub.files, NEEDED)
    ours, theirs = (load_model(one).state_dict() for one in (folder, folders["one"]))
    assert all(torch.equal(weight, theirs[name]) for name, weight in ours.items())
    assert not hub.fetched("pytorch_model.bin")
    assert hub.fetched("model.safetensors") == [None]
    hub.asked.clear()
    assert fetch_model(NAME) == folder
    assert [path for _, path, _ in hub.asked] == [
        f"/api/models/{NAME}/revision/main"
    ]  # a newer one?


def test_a_model_in_shards_is_fetched_with_its_index(hub, folders):
    hub.files = {path.name: path.read_bytes() for path in folders["shards"].iterdir()}
    shards = [name for name in hub.files if name.startswith("model-")]
    assert len(shards) > 2
    folder = fetch_model(NAME)
    assert_same(folder, hub.files, [*NEEDED[:3], "model.safetensors.index.json", *shards])


def test_a_revision_may_be_named(hub):
    assert fetch_model(f"{NAME}@old").name == COMMITS["old"]
    assert fetch_model(f"{NAME}@{COMMITS['old']}").name == COMMITS["old"]
    with pytest.raises(InputError, match=r"expected a branch, a tag .* found none named new"):
        fetch_model(f"{NAME}@new")


def test_a_dropped_connection_goes_on_where_it_broke(hub):
    hub.cut, hub.cuts = 5 * CHUNK + 100, 1
    assert_same(fetch_model(NAME), hub.files, NEEDED)
    assert hub.fetched("model.safetensors") == [None, f"bytes={5 * CHUNK}-"]


def test_what_an_interrupted_command_left_is_not_fetched_again(hub):
    hub.cut, hub.cuts, hub.dies = 5 * CHUNK, 1, True
    with pytest.raises(InputError, match=r"500 .*; run the command again .* what was fetched$"):
        fetch_model(NAME)
    hub.refuse.clear()
    assert_same(fetch_model(NAME), hub.files, NEEDED)
    assert hub.fetched("model.safetensors")[-1] == f"bytes={5 * CHUNK}-"


@pytest.mark.parametrize("more", [b"", b"surplus"])
def test_a_part_that_is_whole_is_not_asked_for_again(hub, more):
    """As after a crash between the last byte and the file's new name."""
    hub.refuse = {".safetensors": (500, "")}
    with pytest.raises(InputError, match="500"):
        fetch_model(NAME)
    hub.refuse.clear()
    [part] = Path(constants.HF_HUB_CACHE).glob("*/blobs/*.part")
    part.write_bytes(hub.files["model.safetensors"] + more)
    hub.asked.clear()
    assert_same(fetch_model(NAME), hub.files, NEEDED)
    assert not hub.fetched("model.safetensors")


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_wrong_checksum_is_told_and_cured_as_the_sentence_says(hub, file):
    content = hub.files[file]
    hub.sent = {file: content.replace(b"0", b"1")}
    with pytest.raises(InputError, match=f"expected {file} with the checksum .* delete it") as told:
        fetch_model(NAME)
    hub.sent = {}
    with pytest.raises(InputError, match="the file is damaged"):
        fetch_model(NAME)
    os.unlink(str(told.value).partition(": ")[0])
    assert_same(fetch_model(NAME), hub.files, NEEDED)


def test_weights_are_compared_even_where_the_cache_has_no_links(hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", True)
    hub.sent = {"model.safetensors": hub.files["model.safetensors"].replace(b"0", b"1")}
    with pytest.raises(InputError, match="the file is damaged: delete it") as told:
        fetch_model(NAME)
    hub.sent = {}
    os.unlink(str(told.value).partition(": ")[0])
    assert_same(fetch_model(NAME), hub.files, NEEDED)


def test_without_a_connection_the_cache_is_used_and_checked(hub, monkeypatch):
    folder = fetch_model(NAME)
    disconnect(monkeypatch)
    assert fetch_model(NAME) == folder
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert fetch_model(NAME) == folder
    damaged = (folder / "model.safetensors").resolve()
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"!")
    with pytest.raises(InputError, match=f"{damaged}: expected model.safetensors with the check"):
        fetch_model(NAME)


def test_what_another_program_has_fetched_is_used_without_a_connection(hub, monkeypatch):
    for file in NEEDED:
        path = huggingface_hub.hf_hub_download(NAME, file)
    disconnect(monkeypatch)
    folder = fetch_model(NAME)
    assert folder / NEEDED[-1] == Path(path)
    (folder / NEEDED[0]).resolve().write_bytes(b"{}")
    with pytest.raises(InputError, match=r"expected config.json with the checksum"):
        fetch_model(NAME)


def test_without_a_connection_and_a_copy_one_sentence_says_so(hub, monkeypatch, capsys):
    disconnect(monkeypatch)
    assert main(["generate", "--model", NAME]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"scratchlm generate: {NAME}: expected a folder, or to fetch a model")
    assert "Connection refused" in told
    assert told.count("\n") == 1
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="offline mode is enabled"):
        fetch_model(NAME)


@pytest.mark.parametrize(
    ("path", "status", "code", "message"),
    [
        ("/api/", 404, "RepoNotFound", "expected a folder, or a model of the hub .* found neither"),
        ("/api/", 401, "RepoNotFound", "found neither; if the model is private, run `hf auth"),
        ("/api/", 401, "", "found status 401; ask for access at .*village/tiny, then run"),
        ("/api/", 403, "", "found status 403; ask for access at .*village/tiny, then run"),
        ("/resolve/", 403, "GatedRepo", "found status 403; ask for access at"),
        ("/resolve/", 401, "GatedRepo", "found status 401; ask for access at"),
        ("/api/", 500, "", "found neither .*500.*; run the command again"),
    ],
)
def test_what_the_hub_refuses_is_told(hub, path, status, code, message):
    hub.refuse = {path: (status, code)}
    with pytest.raises(InputError, match=message) as told:
        fetch_model(NAME)
    assert str(told.value).startswith(f"{NAME}: expected ")
    assert "\n" not in str(told.value)


def test_a_name_that_cannot_be_a_models_is_told(hub):
    with pytest.raises(InputError, match=r"expected a folder, or a model of the hub .* neither"):
        fetch_model("village/a--b")
    assert not hub.asked


def test_a_server_that_is_no_hub_is_told(hub):
    hub.answer = lambda path: (200, {}, b"<p>Please log in.</p>")
    with pytest.raises(InputError, match="expected a folder, or to fetch a model from"):
        fetch_model(NAME)


def test_pickles_are_refused_and_not_fetched(hub):
    del hub.files["model.safetensors"]
    with pytest.raises(
        InputError, match=r"expected model\.safetensors or .*, found pytorch_model\.bin; only safe"
    ):
        fetch_model(NAME)
    assert not hub.fetched("pytorch_model.bin")
    del hub.files["pytorch_model.bin"]
    with pytest.raises(InputError, match="found neither; only safetensors are fetched"):
        fetch_model(f"{NAME}@old")


def test_a_cache_that_cannot_be_written_to_is_named(hub, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("where a folder should be")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"expected to write to .*file, found: .*HF_HUB_CACHE"):
        fetch_model(NAME)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", None)
    with pytest.raises(InputError, match=r'run: pip install "scratchlm\[hub\]"'):
        fetch_model(NAME)


def test_a_folder_comes_before_the_hub(hub, folders, tmp_path, monkeypatch):
    (tmp_path / "village").mkdir()
    (tmp_path / NAME).symlink_to(folders["one"])
    monkeypatch.chdir(tmp_path)
    assert load(NAME).tokenizer.vocab_size == 300
    assert not hub.asked


def test_the_command_lets_a_model_of_the_hub_write(hub, tmp_path):
    program = [
        sys.executable,
        "-m",
        "scratchlm.cli.main",
        "generate",
        "Ada and ",
        "--max-new-tokens=9",
    ]
    variables = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "DO_NOT_TRACK": "1"}
    ran = subprocess.run(
        [*program, "--model", NAME],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("Ada and ")
    assert len(ran.stdout) > len("Ada and \n")
    assert hub.fetched("model.safetensors") == [None]
