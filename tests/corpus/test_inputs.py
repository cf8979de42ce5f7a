"""Files as people have them: false labels, other writers' habits, junk between the texts."""

import bz2
import gzip
import io
import json
import os
import random
import stat
import subprocess
import sys
import threading
import time
import zlib
from functools import partial
from pathlib import Path

import brotli
import py7zr
import pyarrow
import pyarrow.parquet
import pytest
import tyro
import zstandard
from scratchlm import storage
from scratchlm.cli.corpus import Corpus, run
from scratchlm.corpus import (
    ErrorPolicy,
    Pipeline,
    WeightedCorpus,
    extract_text,
    find_pii,
    mix,
    read,
    read_mediawiki,
    read_shard,
    shard_paths,
)
from scratchlm.corpus.readers import chunks
from scratchlm.errors import InputError

SENTENCE = "The boat left the harbor before dawn and waited for the tide."
PAGE = f"<html><body><main><p>{SENTENCE}</p></main></body></html>".encode()


def texts_of(path, **options):
    """The texts of a file, and what was left out."""
    policy = ErrorPolicy("skip")
    return [page.text for page in read(path, on_error=policy, **options)], dict(policy.counts)


def warc(*bodies, headers=("Content-Type: text/html",), end="\r\n", version="1.0", http_end="\r\n"):
    """A file of one response for each body."""
    records = b""
    for number, body in enumerate(bodies):
        http = http_end.join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body
        head = end.join(
            [
                f"WARC/{version}",
                "WARC-Type: response",
                f"WARC-Target-URI: http://a.example/{number}",
                f"WARC-Record-ID: <urn:x:{number}>",
                "Content-Type: application/http",
                f"Content-Length: {len(http)}",
                "",
                "",
            ]
        )
        records += head.encode() + http + (end * 2).encode()
    return records


def chunked(body, extension=b""):
    parts = [body[start : start + 40] for start in range(0, len(body), 40)]
    return b"".join(b"%x%b\r\n%b\r\n" % (len(p), extension, p) for p in [*parts, b""])


def raw_deflate(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("header", "body", "missing"),
    [
        ("Content-Encoding: gzip", gzip.compress(PAGE), 0),
        ("Content-Encoding: x-gzip", gzip.compress(PAGE), 0),
        ("Content-Encoding: deflate", zlib.compress(PAGE), 0),
        ("Content-Encoding: deflate", raw_deflate(PAGE), 0),
        ("Content-Encoding: br", brotli.compress(PAGE), 0),
        ("Content-Encoding: identity", PAGE, 0),
        ("Transfer-Encoding: chunked", chunked(PAGE), 0),
        ("Transfer-Encoding: chunked", chunked(PAGE, b";n=1"), 0),
        ("Transfer-Encoding: gzip, chunked", chunked(gzip.compress(PAGE)), 0),
        ("Transfer-Encoding: chunked", PAGE, 1),
        ("Content-Encoding: gzip", PAGE, 1),
        ("Content-Encoding: deflate", PAGE, 1),
        ("Content-Encoding: br", PAGE, 1),
        ("Content-Encoding: none", PAGE, 1),
        ("Content-Encoding: utf-8", PAGE, 1),
    ],
)
def test_encodings_that_http_promises_are_undone_where_they_are(tmp_path, header, body, missing):
    path = tmp_path / "a.warc"
    path.write_bytes(warc(body, headers=("Content-Type: text/html", header)))
    assert texts_of(path) == (
        [SENTENCE],
        {"HTTP encoding promised but absent": 1} if missing else {},
    )


def test_what_is_no_text_and_not_in_its_encoding_is_left_out(tmp_path):
    path = tmp_path / "a.warc"
    path.write_bytes(warc(b"\0\1\2\3" * 99, headers=("Content-Encoding: gzip",)))
    assert texts_of(path) == ([], {"bad record": 1})


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    "habits",
    [
        {"end": "\n"},
        {"http_end": "\n"},
        {"end": "\n", "http_end": "\n"},
        {"version": "0.17"},
        {"version": "0.18", "end": "\n"},
        {"version": "1.1"},
        {"headers": ()},
    ],
)
def test_archives_of_other_writers(tmp_path, pack, habits):
    path = tmp_path / "a.warc"
    path.write_bytes(pack(warc(PAGE, PAGE, **habits)))
    assert texts_of(path) == ([SENTENCE] * 2, {})
    first, second = read(path)
    assert list(read(path, start=first.end)) == [second]


def test_a_page_of_no_type_that_does_not_look_like_one_is_counted(tmp_path):
    path = tmp_path / "a.warc"
    path.write_bytes(warc(b"just words", headers=()))
    assert texts_of(path) == ([], {"page without a content type": 1})


def seven_zip(data):
    packed = io.BytesIO()
    with py7zr.SevenZipFile(packed, "w") as archive:
        archive.writestr(data, "a.warc")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.warc.zst", zstandard.compress),
        ("a.warc.bz2", partial(bz2.compress, compresslevel=1)),
        ("a.warc.7z", seven_zip),
    ],
)
def test_archives_in_other_compressions(tmp_path, name, pack):
    noise = random.Random(0).randbytes(300_000).hex().encode()  # so that there is something to cut
    data = pack(warc(PAGE, PAGE, b"<!--%b-->%b" % (noise, PAGE)))
    path = tmp_path / name
    path.write_bytes(data)
    assert texts_of(path) == ([SENTENCE] * 3, {})
    assert len(list(read(path, start=next(read(path)).end))) == 2
    path.write_bytes(data[:-30_000])
    if name == "a.warc.7z":  # its directory stands at its end
        with pytest.raises(InputError, match="expected whole 7z data, found damage"):
            texts_of(path)
    else:
        texts, counts = texts_of(path)
        assert texts == [SENTENCE] * 2
        assert counts["stream cut"] == 1


@pytest.mark.parametrize("text", ["<mediawiki xmlns='x'>", "<posts>", "WARC/1.0", '{"text": 1}'])
@pytest.mark.parametrize("name", ["notes.md", "notes.txt", "notes.jsonl"])
def test_texts_about_a_format_are_not_taken_for_it(tmp_path, name, text):
    text = f"A file begins with {text} and goes on. {SENTENCE}"
    path = tmp_path / name
    path.write_text(json.dumps({"text": text}) if name.endswith("jsonl") else text)
    assert texts_of(path) == ([text], {})


@pytest.mark.parametrize(
    "text", ["BZhang wrote this.", "PAR10 is a lamp.", "WARC/1.0 is a format."]
)
def test_texts_that_begin_like_a_format(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert texts_of(path) == ([text], {})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_xml_and_json_lines_by_their_byte_order_mark(tmp_path, encoding):
    posts = f'<?xml version="1.0"?><posts><row Id="1" PostTypeId="1" Body="{SENTENCE}"/></posts>'
    (tmp_path / "Posts.xml").write_text(posts, encoding=encoding)
    lines = "".join(json.dumps({"text": f"{n}: {SENTENCE}"}) + "\n" for n in range(2))
    (tmp_path / "a.jsonl").write_text(lines, encoding=encoding)
    assert texts_of(tmp_path / "Posts.xml") == ([SENTENCE], {})
    first, second = read(tmp_path / "a.jsonl")
    assert [first.text, second.text] == [f"0: {SENTENCE}", f"1: {SENTENCE}"]
    assert list(read(tmp_path / "a.jsonl", start=first.end)) == [second]


def test_characters_that_xml_forbids_cost_no_post(tmp_path):
    path = tmp_path / "Posts.xml"
    rows = ("a&#8;b", "a&#xD83D;&#xDE00;b", "a&#xD83D;b", "a&#xFFFF;&#65;b", "a&#x0;b", "a&bomb;b")
    row = '<row Id="{}" PostTypeId="1" Body="{}"/>'
    path.write_text(f"<posts>{''.join(row.format(n, body) for n, body in enumerate(rows))}</posts>")
    texts, counts = texts_of(path)
    assert texts == ["a\ufffdb", "a😀b", "a\ufffdb", "a\ufffdAb", "a\ufffdb"]
    assert counts == {"forbidden characters replaced": 5, "broken XML": 1}


def wiki(tmp_path, names, *pages):
    listed = "".join(f'<namespace key="{key}" case="x">{name}</namespace>' for key, name in names)
    path = tmp_path / "wiki.xml"
    page = (
        "<page><title>{0}</title><ns>0</ns><id>{0}</id><revision><id>{0}</id>"
        "<timestamp>2024</timestamp><text>{1}</text></revision></page>"
    )
    body = "".join(page.format(number, text) for number, text in enumerate(pages, 1))
    path.write_text(f"<mediawiki><siteinfo>{listed}</siteinfo>{body}</mediawiki>")
    return path


@pytest.mark.parametrize(
    ("names", "file", "category", "redirect"),
    [
        ([(6, "Datei"), (14, "Kategorie")], "Datei", "Kategorie", "WEITERLEITUNG"),
        ([(6, "Datei"), (14, "Kategorie")], "Bild", "Kategorie", "redirect"),
        ([(6, "Файл"), (14, "Категория")], "Файл", "Категория", "перенаправление"),
        ([(6, "ファイル"), (14, "Category")], "ファイル", "Category", "転送"),
        ([(6, "File"), (14, "Category")], "檔案", "分类", "重定向"),
        ([(6, "Skrá"), (14, "Flokkur")], "Skrá", "Flokkur", "tilvísun"),
    ],
)
def test_wikis_in_other_languages(tmp_path, names, file, category, redirect):
    page = (
        f"'''A''' is.\n[[{file}:A b.jpg|mini|100px|A [[c]]aption]]\nMore [[text (x)|of it]].\n"
        f"[[{category}:A|sort key]]\n[[:{category}:A]]"
    )
    path = wiki(tmp_path, names, page, f"#{redirect} [[A]]\n[[{category}:B]]", "#one [[x]] too")
    texts = [page.text for page in read_mediawiki(path)]
    assert texts == [f"A is.\n\nMore of it.\n\n{category}:A", "one x too"]


def test_one_of_the_scripts_of_a_chinese_page(tmp_path):
    page = (
        "-{zh-hans:计算机; zh-hant:電腦;}-是-{A|zh-cn:软件;zh-tw:軟體}-。-{T|zh-cn:标题}-"
        "-{H|zh-cn:甲}--{原文}-__NOTOC__-{R|原}- __init__"
    )
    (text,) = (page.text for page in read_mediawiki(wiki(tmp_path, [], page)))
    assert text == "计算机是软件。原文原 __init__"


LISTS = {
    "<ul><li>One bowl of flour</li><li>Two <a href=/e>eggs</a></li></ul>": True,
    "<div><ul><li><p>One bowl of flour<li>Two eggs</ul></div>": True,
    "<ul><li>One bowl<ul><li>of flour</li></ul></li><li>Two eggs</li></ul>": True,
    "<ol><li>One bowl of flour</li><li>Two eggs</li></ol>": True,
    "<dl><dt>One bowl</dt><dd>of flour</dd><dt>Two eggs</dt></dl>": True,
    "<ul><li><a href=/>One bowl of flour</a></li><li><a href=/e>Two eggs</a></li></ul>": False,
    "<nav><ul><li>One bowl of flour</li><li>Two eggs</li></ul></nav>": False,
}


@pytest.mark.parametrize(("part", "stays"), LISTS.items())
def test_lists_stay_and_menus_go(part, stays):
    page = f"<article><h1>Bread</h1><p>{SENTENCE * 3}</p>{part}<p>{SENTENCE * 3}</p></article>"
    text = " ".join(extract_text(page.encode()).replace("•", " ").split())
    assert [word in text for word in ("bowl", "flour", "Two eggs")] == [stays] * 3
    assert text.count(SENTENCE) == 6


@pytest.mark.parametrize(
    "number", ["+12831823829", "+1 2831823829", "+4930123456", "+442079460958", "+1-283-182-3829"]
)
def test_telephone_numbers_in_one_piece(number):
    for text in (number, f"Call {number}, please.", f"({number})", f"Tel.:{number}"):
        (span,) = find_pii(text)
        assert (span.kind, text[span.start : span.end]) == ("phone", number)


@pytest.mark.parametrize(
    "text", ["+1234", "a+12831823829", "3+12831823829", "+1283182382912345678"]
)
def test_sums_and_codes_are_no_telephone_numbers(text):
    assert find_pii(text) == []


def command(capsys, *arguments):
    run(tyro.cli(Corpus, args=[str(argument) for argument in arguments]))
    return capsys.readouterr()


@pytest.fixture
def mess(tmp_path):
    """A folder with one good text, and with all that lies about in folders."""
    folder = tmp_path / "in put"
    (folder / "sub").mkdir(parents=True)
    (folder / "good.txt").write_text(SENTENCE)
    (folder / "none.jsonl").write_text('{"text": "One."}\n{"text": null}\n')
    (folder / "latin.txt").write_bytes("café".encode("latin1"))
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "sub" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "sub" / "empty.txt").touch()
    (folder / "dangling").symlink_to("nowhere")
    table = pyarrow.table({"text": ["Two.", None]})
    pyarrow.parquet.write_table(table, folder / "null.parquet")
    (folder / "null.warc").write_bytes(warc(b"", PAGE))
    return folder


COUNTS = {
    "blank": 1,
    "empty file": 1,
    "file of no known kind": 1,
    "file without a document": 1,
    "hidden": 1,
    "no text": 2,
    "not UTF-8": 1,
    "not a file": 1,
}


def test_a_folder_with_junk_is_cleaned_and_the_junk_is_counted(mess, tmp_path, capsys):
    out = mess / "out"  # inside of what is read, as people have it
    printed = command(capsys, "clean", mess, "--out", out, "--steps", "exact").out
    for reason, count in COUNTS.items():
        assert f"\n{count} {reason} (first: " in printed
    found = [page.text for path in shard_paths(out) for page in read_shard(path)]
    assert found == [SENTENCE, "One.", "Two."]  # the page's text is that of the file
    again = command(capsys, "clean", mess, "--out", out, "--steps", "exact").out
    assert again == printed
    printed = command(capsys, "clean", out, "--out", tmp_path / "two", "--steps", "exact").out
    assert "3 → 3" in printed
    assert "1 file of no known kind" in printed  # the manifest


def test_stopping_at_junk_leaves_the_folder_free(mess, tmp_path, capsys):
    clean = ["clean", "--steps", "exact", "--out", tmp_path / "out"]
    with pytest.raises(InputError, match=r"none\.jsonl: line at byte 17: expected an object"):
        command(
            capsys, "clean", mess / "none.jsonl", "--out", tmp_path / "out", "--on-error", "stop"
        )
    (mess / "none.jsonl").unlink()
    command(capsys, *clean, mess / "good.txt")
    with pytest.raises(InputError, match=r"expected a document in 1 files, found none: 1 empty"):
        Pipeline(()).run([mess / "sub" / "empty.txt"], tmp_path / "other")


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_the_text_may_stand_in_another_field(tmp_path, capsys, name):
    if name == "a.jsonl":
        (tmp_path / name).write_text('{"content": "One."}\n{"content": "Two."}\n')
    else:
        table = pyarrow.table({"content": ["One.", "Two."]})
        pyarrow.parquet.write_table(table, tmp_path / name)
    clean = ["clean", tmp_path / name, "--out", tmp_path / "out", "--steps", "exact"]
    with pytest.raises(InputError, match=r"found none: .*content.*--field"):
        command(capsys, *clean)
    assert "2 → 2" in command(capsys, *clean, "--field", "content").out
    printed = command(capsys, "read", tmp_path / name, "--field", "content", "--format", "text").out
    assert printed == "One.\n<|endoftext|>\nTwo.\n<|endoftext|>\n"


def test_the_remedies_for_latin_1_are_true(mess, tmp_path, capsys):
    """What the message offers exists, and does what it says."""
    latin = mess / "latin.txt"
    offered = command(capsys, "read", latin).err
    assert "expected UTF-8, found byte e9 at offset 3" in offered
    assert "--errors replace" in offered
    assert "caf\ufffd" in command(capsys, "read", latin, "--errors", "replace").out
    clean = ["clean", latin, "--steps", "exact", "--out"]
    assert "1 → 1" in command(capsys, *clean, tmp_path / "out", "--errors", "replace").out
    latin.write_bytes(latin.read_bytes().decode("latin1").encode())
    assert "1 → 1" in command(capsys, *clean, tmp_path / "other").out


@pytest.mark.parametrize("made", ["clean", "mix", "classifier", "village"])
def test_an_output_that_cannot_be_written_is_one_line(mess, tmp_path, capsys, made):
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("mine")
    folder.mkdir()
    (tmp_path / "labels.jsonl").write_text(
        '{"text": "yes", "label": "en"}\n{"text": "oui", "label": "fr"}\n'
    )
    command(capsys, "clean", mess / "good.txt", "--out", tmp_path / "clean", "--steps", "exact")
    commands = {
        "clean": (["clean", mess / "good.txt", "--out"], file),
        "mix": (["mix", f"{tmp_path / 'clean'}=1", "--size", "9", "--out"], file),
        "classifier": (["classifier", tmp_path / "labels.jsonl", "--out"], folder),
        "village": (["village", "--stories", "1", "--out"], folder),
    }
    arguments, out = commands[made]
    with pytest.raises(InputError, match=rf"{out.name}: expected a .*, found.*name "):
        command(capsys, *arguments, out)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", ["a.txt.gz", "a.jsonl", "a.warc"])
def test_a_pipe_is_read(tmp_path, name):
    data = {
        "a.txt.gz": gzip.compress(SENTENCE.encode()),
        "a.jsonl": json.dumps({"text": SENTENCE}).encode(),
        "a.warc": warc(PAGE),
    }
    pipe = tmp_path / "63"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data[name],))
    writer.start()
    assert [page.text for page in read(pipe)] == [SENTENCE]
    writer.join()
    with pytest.raises(InputError, match="63: expected a file, found a pipe"):
        Pipeline(()).run([pipe], tmp_path / "out")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_text_that_has_changed_is_not_taken_for_the_old_one(tmp_path, monkeypatch):
    file, out = tmp_path / "a.txt", tmp_path / "out"
    file.write_text(SENTENCE)
    first = Pipeline(()).run([file], out)
    os.utime(file)  # touched, and the same
    assert Pipeline(()).run([file], out) == first
    file.write_text(SENTENCE.swapcase())
    with pytest.raises(InputError, match=r"a\.txt: expected the file that .*out was made of"):
        Pipeline(()).run([file], out)


def test_a_text_that_changes_before_the_end_is_read_again(tmp_path):
    """Stopped between the reading and the end: what was read is not what is there now."""
    file, out = tmp_path / "a.txt", tmp_path / "out"
    file.write_text(SENTENCE)

    def cut_off(path, start=0, *, on_error=None):
        yield from read(path, start, on_error=on_error)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Pipeline((), shard_bytes=1).run([file], out, read=cut_off)
    assert list((out / ".work" / "00").glob("*.jsonl"))
    file.write_text(SENTENCE.swapcase())
    Pipeline((), shard_bytes=1).run([file], out)
    assert [page.text for path in shard_paths(out) for page in read_shard(path)] == [
        SENTENCE.swapcase()
    ]


def test_what_is_left_out_is_counted_once_however_often_it_is_interrupted(tmp_path):
    file, out = tmp_path / "a.jsonl", tmp_path / "out"
    file.write_text('{"text": "One."}\n{}\n{"text": "Two."}\nno\n{"text": "Three."}\n' * 5)
    straight = Pipeline((), shard_bytes=100).run([file], tmp_path / "straight")
    left = 0

    def stopping(path, start=0, *, on_error=None):
        for number, page in enumerate(read(path, start, on_error=on_error)):
            if number == left:
                raise KeyboardInterrupt
            yield page

    while True:
        left += 1
        try:
            manifest = Pipeline((), shard_bytes=100).run([file], out, read=stopping)
            break
        except KeyboardInterrupt:
            pass
    assert manifest == straight
    assert [entry[:2] for entry in manifest.left_out] == [("no text", 5), ("not JSON", 5)]


def test_a_giant_document_is_counted(tmp_path):
    (tmp_path / "giant.txt").write_text("word " * 4_000_000)
    (tmp_path / "good.txt").write_text(SENTENCE)
    manifest = Pipeline(()).run([tmp_path], tmp_path / "out")
    assert ("document too long", 1) in [entry[:2] for entry in manifest.left_out]


def test_folders_and_files_without_permission_are_counted(tmp_path, monkeypatch):
    """Root may read everything, so the refusal is played."""
    (tmp_path / "in" / "locked").mkdir(parents=True)
    (tmp_path / "in" / "good.txt").write_text(SENTENCE)
    (tmp_path / "in" / "secret.txt").write_text(SENTENCE)

    def guarded(allowed, name):
        def call(*arguments):
            if name in str(arguments):
                raise PermissionError(13, "Permission denied", name)
            return allowed(*arguments)

        return call

    monkeypatch.setattr(os, "scandir", guarded(os.scandir, "locked"))
    monkeypatch.setattr(chunks, "Metered", guarded(chunks.Metered, "secret.txt"))
    manifest = Pipeline(()).run([tmp_path / "in"], tmp_path / "out")
    counts = {reason: (count, first) for reason, count, first in manifest.left_out}
    assert counts["folder that cannot be read"][0] == 1
    assert "Permission denied" in counts["folder that cannot be read"][1]
    assert "secret.txt" in counts["file that cannot be read"][1]
    assert manifest.documents == 1


@pytest.mark.parametrize("made", ["clean", "mix"])
def test_killed_before_the_plan_is_named_the_folder_is_still_its_own(tmp_path, made):
    file = tmp_path / "a.txt"
    file.write_text(SENTENCE)
    out = tmp_path / made
    (out / ".work").mkdir(parents=True)
    (out / ".work" / ".plan.json.draft").write_bytes(b"{")
    if made == "clean":
        Pipeline(()).run([file], out)
    else:
        Pipeline(()).run([file], tmp_path / "one")
        mix([WeightedCorpus(tmp_path / "one", 1)], out, 10)
    assert sorted(path.suffix for path in out.iterdir()) == [".json", ".jsonl"]


def test_workers_end_with_the_process_that_started_them(tmp_path):
    script = (
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "from scratchlm.corpus.pipeline.executors import run_tasks\n"
        "if __name__ == '__main__':\n"
        "    run_tasks(time.sleep, [60, 60], title='sleep', workers=2)\n"
    )
    (tmp_path / "sleep.py").write_text(script)
    env = {**os.environ, "PYTHONPATH": str(Path(storage.__file__).parents[2])}
    parent = subprocess.Popen([sys.executable, str(tmp_path / "sleep.py")], env=env)
    try:
        workers = wait_for(lambda: children(parent.pid), lambda found: len(found) >= 3)
        parent.kill()
        parent.wait()
        assert wait_for(lambda: [pid for pid in workers if alive(pid)], lambda left: not left) == []
    finally:
        parent.kill()


def wait_for(ask, enough):
    for _ in range(300):
        if enough(found := ask()):
            break
        time.sleep(0.1)
    return found


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children")
    if not found.exists():
        pytest.skip("needs /proc, to see the processes")
    return [int(child) for child in found.read_text().split()]


def alive(pid):
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
