"""Downloads: resumed where they broke off, and never used unless their hash is right."""

import hashlib
import re
from dataclasses import dataclass, field, replace

import pytest
from local_server import serving
from scratchlm.corpus import RegistryEntry, cache_folder, fetch, get, registry
from scratchlm.errors import InputError

DATA = bytes(range(256)) * 8_000  # two megabytes


@dataclass
class Server:
    """A web server that can cut a transfer, forget how to resume, or serve other bytes."""

    data: bytes = DATA
    cut: int = 0
    resumes: bool = True
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def serve(self, handler, body):
        wanted = handler.headers.get("Range") if self.resumes else None
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
        first, last = (int(match[1]), int(match[2] or len(self.data) - 1)) if match else (0, None)
        part = self.data[first : None if last is None else last + 1]
        handler.send_response(self.status if self.status != 200 else 206 if match else 200)
        if match:
            handler.send_header("Content-Range", f"bytes {first}-{last}/{len(self.data)}")
        if self.resumes:
            handler.send_header("Accept-Ranges", "bytes")
        handler.send_header("ETag", f'"{hashlib.md5(self.data).hexdigest()}"')
        handler.send_header("Content-Length", str(len(part)))
        handler.end_headers()
        if body:
            if wanted != "bytes=0-0":  # pypdl's question whether ranges work
                self.asked.append(wanted or "all")
            handler.wfile.write(part[: self.cut or None])
            handler.close_connection = bool(self.cut)


@pytest.fixture
def server():
    state = Server()
    with serving(state.serve) as address:
        state.url = f"{address}/folder/some%20text.txt"
        yield state


def entry_for(server, data=DATA, **fields):
    digest = hashlib.sha256(data).hexdigest()
    return RegistryEntry("some", "Some text", "none", server.url, len(data), digest, **fields)


def test_a_file_is_fetched_once(server, tmp_path):
    file = fetch(entry_for(server), tmp_path)
    assert file == tmp_path / "some" / "some text.txt"
    assert file.read_bytes() == DATA
    assert fetch(entry_for(server), tmp_path) == file
    assert len(server.asked) == 1
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_cut_download_goes_on_where_it_broke_off(server, tmp_path, monkeypatch):
    monkeypatch.setattr("scratchlm.corpus.download.RETRIES", 0)
    server.cut = 900_000
    with pytest.raises(InputError, match=r"Run the command again to go on"):
        fetch(entry_for(server), tmp_path)
    server.cut = 0
    assert fetch(entry_for(server), tmp_path).read_bytes() == DATA
    first, second = (int(re.search(r"\d+", asked)[0]) for asked in server.asked)
    assert first == 0
    assert 0 < second <= 900_000


def test_a_server_that_cannot_resume_is_asked_for_everything_again(server, tmp_path, monkeypatch):
    monkeypatch.setattr("scratchlm.corpus.download.RETRIES", 0)
    server.resumes, server.cut = False, 900_000
    with pytest.raises(InputError, match="did not succeed"):
        fetch(entry_for(server), tmp_path)
    server.cut = 0
    assert fetch(entry_for(server), tmp_path).read_bytes() == DATA


def test_a_wrong_hash_is_refused_and_the_file_kept_aside(server, tmp_path):
    server.data = DATA[:-1] + b"!"
    with pytest.raises(InputError, match=r"found another file; it is kept as .*\.rejected and not"):
        fetch(entry_for(server), tmp_path)
    assert [p.name for p in (tmp_path / "some").iterdir()] == ["some text.txt.rejected"]
    server.data = DATA
    assert fetch(entry_for(server), tmp_path).read_bytes() == DATA


def test_a_copy_that_was_damaged_in_the_cache_is_fetched_again(server, tmp_path):
    file = fetch(entry_for(server), tmp_path)
    file.write_bytes(b"damaged")
    assert fetch(entry_for(server), tmp_path).read_bytes() == DATA
    assert file.with_name(file.name + ".rejected").read_bytes() == b"damaged"


def test_offline_without_a_copy_says_what_to_fetch_and_where_to_put_it(server, tmp_path):
    offline = replace(entry_for(server), url="http://127.0.0.1:9/x.txt")  # nobody listens there
    with pytest.raises(InputError) as caught:
        fetch(offline, tmp_path)
    assert "http://127.0.0.1:9/x.txt" in str(caught.value)
    assert str(tmp_path / "some" / "x.txt") in str(caught.value)
    assert "Cannot connect" in str(caught.value)


def test_offline_with_a_copy_needs_no_network(server, tmp_path):
    offline = replace(entry_for(server), url="http://127.0.0.1:9/x.txt")
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "x.txt").write_bytes(DATA)
    assert fetch(offline, tmp_path).read_bytes() == DATA


def test_what_the_server_refuses_is_named(server, tmp_path):
    server.status = 404
    with pytest.raises(InputError, match="404"):
        fetch(entry_for(server), tmp_path)


def test_a_cache_that_cannot_be_written_to_is_named(server, tmp_path):
    (tmp_path / "some").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"SCRATCHLM_CACHE"):
        fetch(entry_for(server), tmp_path)


def test_a_book_is_prepared_from_its_checked_file(server, tmp_path):
    mark = "*** {} OF THIS PROJECT GUTENBERG EBOOK X ***\r\n"
    server.data = (mark.format("START") + "Text.\r\n" + mark.format("END")).encode()
    book = entry_for(server, server.data, prepare="gutenberg")
    file = fetch(book, tmp_path)
    assert file == tmp_path / "some" / "some.txt"
    assert file.read_text() == "Text.\n"
    file.write_text("edited by somebody")
    assert fetch(book, tmp_path).read_text() == "Text.\n"


def test_the_cache_is_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCHLM_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("SCRATCHLM_CACHE", "")
    assert cache_folder().parts[-2:] == (".cache", "scratchlm")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match=r"expected one of shakespeare, .*found 'moby'"):
        get("moby")


def test_every_entry_is_complete():
    for name, entry in registry().items():
        assert entry.name == name
        assert re.fullmatch(r"https://raw\.githubusercontent\.com/\S+/[0-9a-f]{40}/\S+", entry.url)
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert entry.bytes > 0
        assert entry.license
        assert entry.prepare in ("", "gutenberg")
