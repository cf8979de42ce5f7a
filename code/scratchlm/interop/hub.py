"""Models of the Hugging Face hub: fetched once, checked at every use, kept in a cache."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from json import JSONDecodeError
from pathlib import Path

from scratchlm.errors import InputError
from scratchlm.interop.config_json import CONFIG
from scratchlm.interop.controls import GENERATION, TEMPLATE, TOKENIZER_CONFIG
from scratchlm.interop.tensor_files import INDEX, WEIGHTS, weight_files
from scratchlm.tokenizer import TOKENIZER_FILE

IDENTIFIER = re.compile(r"\w[\w.-]*/[\w.-]+(@\S+)?")
SETTINGS = (CONFIG, GENERATION, TOKENIZER_FILE, TOKENIZER_CONFIG, TEMPLATE)
SHARDS = "model-*-of-*.safetensors"
PICKLES = (".bin", ".ckpt", ".pkl", ".pt", ".pth")
CHECKSUM, SHA256 = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}"), 64  # hexadecimal digits


def is_identifier(name: str) -> bool:
    """Whether a name has the form of a model's on the hub, ``OWNER/MODEL`` or with ``@REVISION``.

    >>> [is_identifier(name) for name in ("openai-community/gpt2@main", "base", "./base", "a/b/c")]
    [True, False, False, False]
    """
    return IDENTIFIER.fullmatch(name) is not None


def fetch_model(name: str) -> Path:
    """Return the folder with a model of the hub; fetch what the cache lacks.

    Weights go on where an earlier call broke off. Every file is compared with the checksum that
    the hub told. Without a connection, what the cache holds is used. Pickles are never fetched.

    Args:
        name: ``OWNER/MODEL``, or ``OWNER/MODEL@REVISION`` with a branch, a tag or a commit.

    Raises:
        InputError: The hub cannot be reached and the cache lacks a file; there is no such model or
            revision; it is not open to everybody; it has no safetensors; a file is damaged; the
            cache cannot be written to; or the library ``huggingface_hub`` is missing.
    """
    repository, _, revision = name.partition("@")
    with explained(name):
        folder = snapshot(repository, revision or None, SETTINGS)
        if not has_weights(folder):
            fetch_weights(repository, folder)
        for path in sorted(folder.iterdir()):
            if path.suffix in (".json", ".safetensors"):
                check_file(path, path.name)
    return folder


def snapshot(repository: str, revision: str | None, files: Sequence[str]) -> Path:
    """Let the library fetch files into its cache; return the folder, whose name is the commit.

    Its progress bars would appear even if there is nothing to fetch, so they are off.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import disable_progress_bars

    with disable_progress_bars():
        found = snapshot_download(repository, revision=revision, allow_patterns=list(files))
    return Path(found)


def has_weights(folder: Path) -> bool:
    """Whether all files with weights are there."""
    try:
        return len(weight_files(folder)) > 0
    except InputError:
        return False


def fetch_weights(repository: str, folder: Path) -> None:
    """Fetch the weights, one file after the other, each with the library's progress bar.

    Raises:
        InputError: None are in a format that is safe to read.
    """
    from huggingface_hub import HfApi

    info = HfApi().model_info(repository, revision=folder.name, files_metadata=True)
    found = {file.rfilename: file.lfs for file in info.siblings or []}
    files = choose_weights(repository, list(found))
    for file in files:
        if (large := found[file]) and not (folder / file).exists():
            fetch_large(repository, folder, file, large.sha256, large.size)
    snapshot(repository, folder.name, files)  # fetches the index, and links the others


def choose_weights(repository: str, files: Sequence[str]) -> list[str]:
    """Choose the files that hold the weights.

    Raises:
        InputError: None are in a format that is safe to read.

    >>> choose_weights("owner/model", ["README.md", "model.safetensors", "pytorch_model.bin"])
    ['model.safetensors']
    """
    if WEIGHTS in files:
        return [WEIGHTS]
    shards = sorted(file for file in files if fnmatch(file, SHARDS))
    if INDEX in files and shards:
        return [INDEX, *shards]
    pickles = ", ".join(sorted(file for file in files if file.endswith(PICKLES)))
    raise InputError(
        f"{repository}: expected {WEIGHTS} or {INDEX}, found {pickles or 'neither'}; only "
        "safetensors are fetched, since a pickle can run any code"
    )


def fetch_large(repository: str, folder: Path, file: str, checksum: str, size: int) -> None:
    """Fetch a file to where the library looks for it, going on where an earlier call broke off.

    The library goes on after a short interruption, but forgets what it has when it gives up.

    Raises:
        InputError: What came has another checksum.
    """
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import WeakFileLock, build_hf_headers

    place = folder.parents[1] / "blobs" / checksum
    part = place.with_suffix(".part")
    place.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(place.with_suffix(".lock")):  # two processes may want the same model
        if not place.exists():
            with part.open("ab") as out:
                out.truncate(begun := min(out.tell(), size))
                http_get(
                    hf_hub_url(repository, file, revision=folder.name),
                    out,
                    resume_size=begun,
                    expected_size=size,
                    headers=build_hf_headers(),
                    displayed_filename=file,
                )
            part.replace(place)
    check_file(place, file)


def check_file(path: Path, file: str) -> None:
    """Compare a file of the cache with its checksum, which is the name of the file it links to.

    That is SHA-256 for large files, and git's SHA-1 for others. A cache on a file system without
    links does not tell the checksum, so nothing is compared there.

    Args:
        path: Where it is.
        file: What the model calls it.

    Raises:
        InputError: The file is damaged.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "b45ef6fec89518d314f546fd6c3025367b721684"
    >>> _ = path.write_bytes(b"Hello, World!")
    >>> check_file(path, "hello.txt")
    """
    place = path.resolve()
    if not CHECKSUM.fullmatch(place.name):
        return
    with place.open("rb") as content:
        if len(place.name) == SHA256:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        else:  # git puts the size before the content
            size = place.stat().st_size
            found = hashlib.sha1(b"blob %d\0" % size + content.read()).hexdigest()
    if found != place.name:
        raise InputError(
            f"{place}: expected {file} with the checksum that is its name, found {found}; the file "
            "is damaged: delete it, and run the command again"
        )


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn the library's errors into one sentence each.

    Raises:
        InputError: Something failed.
    """
    try:
        from httpx2 import HTTPError  # what the library fetches with
        from huggingface_hub.errors import HFValidationError
    except ImportError as error:
        raise InputError(
            f"{name}: expected the library huggingface_hub to fetch a model with, found {error}; "
            'run: pip install "scratchlm[hub]"'
        ) from error
    try:
        yield
    except (HTTPError, HFValidationError, JSONDecodeError, OSError) as error:
        raise InputError(f"{name}: {explain(name, error)}") from error


def explain(name: str, error: Exception) -> str:
    """Say what failed and what to do about it."""
    from huggingface_hub import constants, errors

    if isinstance(error, errors.LocalEntryNotFoundError):  # behind it is why it had to be local
        error = error.__cause__ if isinstance(error.__cause__, Exception) else error
    repository, _, revision = name.partition("@")
    gated = isinstance(error, errors.GatedRepoError)
    status = error.response.status_code if isinstance(error, errors.HfHubHTTPError) else None
    if isinstance(error, errors.HFValidationError | errors.RepositoryNotFoundError) and not gated:
        return (
            f"expected a folder, or a model of the hub at {constants.ENDPOINT}, found neither; if "
            "the model is private, run `hf auth login` first"
        )
    if status in (401, 403):
        return (
            f"expected a model that everybody may read, found status {status}; ask for access at "
            f"{constants.ENDPOINT}/{repository}, then run `hf auth login`"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return f"expected a branch, a tag or a commit of {repository}, found none named {revision}"
    if isinstance(error, OSError) and error.errno is not None:
        return (
            f"expected to write to {constants.HF_HUB_CACHE}, found: {error.strerror}; free some "
            "space, or name another folder in the environment variable HF_HUB_CACHE"
        )
    return (
        f"expected a folder, or to fetch a model from {constants.ENDPOINT}, found neither ("
        f"{' '.join(str(error).split())}); run the command again when there is a connection: it "
        "goes on with what was fetched"
    )
