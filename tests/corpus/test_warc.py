"""WARC and WET: the same records as warcio, and no good record lost behind a bad one."""

import gzip
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scratchlm.corpus import ErrorPolicy, Limits, read_records, read_warc
from scratchlm.errors import InputError
from warcio.archiveiterator import ArchiveIterator

WHOLE = [
    "example.warc",
    "example.warc.gz",
    "example-iana.org-chunked.warc",
    "example-digest.warc",
    "jwarc-cc.warc.gz",
    "sample-0000.warc.gz",
    "sample-0001.warc.gz",
    "whirlwind.warc",
    "whirlwind.warc.gz",
    "whirlwind.warc.wat",
    "whirlwind.warc.wat.gz",
    "whirlwind.warc.wet",
    "whirlwind.warc.wet.gz",
]


def ours(path, **options):
    return [
        (record.kind, record.id, record.url, record.date, record.content, record.start)
        for record in read_records(path, **options)
    ]


def theirs(path):
    with path.open("rb") as file:
        records = ArchiveIterator(file)
        return [
            (
                record.rec_type,
                record.rec_headers["WARC-Record-ID"],
                (record.rec_headers["WARC-Target-URI"] or "").strip("<>"),
                record.rec_headers["WARC-Date"],
                record.content_stream().read(),
                records.get_record_offset(),
            )
            for record in records
        ]


@pytest.mark.parametrize("name", WHOLE)
def test_the_same_records_as_warcio(real_file, name):
    path = real_file(f"warc/{name}")
    assert ours(path) == theirs(path)


@pytest.mark.parametrize("name", WHOLE)
def test_resuming_behind_any_record_gives_the_rest(real_file, name):
    path = real_file(f"warc/{name}")
    records = list(read_records(path))
    assert records[-1].end == path.stat().st_size
    for number, record in enumerate(records, 1):
        assert list(read_records(path, record.end)) == records[number:]


@pytest.mark.parametrize(
    ("name", "kinds", "counts"),
    [
        # warcio reads these 4, the third with the content of a length that lies by two bytes.
        ("example-trunc.warc", ["warcinfo", "warcinfo", "request"], [("length that lies", 1)]),
        # warcio stops at this one's first record, which is a byte too long.
        ("example-wrong-chunks.warc.gz", ["request"], [("length that lies", 1)]),
        # warcio refuses a file that is compressed as a whole; its records are those of example.warc
        (
            "example-bad-non-chunked.warc.gz",
            ["warcinfo", "warcinfo", "response", "request", "revisit", "request"],
            [],
        ),
    ],
)
def test_real_broken_files(real_file, name, kinds, counts):
    path, on_error = real_file(f"warc/{name}"), ErrorPolicy("skip")
    records = list(read_records(path, on_error=on_error))
    assert [record.kind for record in records] == kinds
    assert on_error.items() == counts
    if counts:
        with pytest.raises(
            InputError, match=rf"{name}: record at byte [\d,]+: expected a line end"
        ):
            list(read_records(path))
    for number, record in enumerate(records, 1):
        assert list(read_records(path, record.end, on_error=on_error)) == records[number:]


def test_a_file_compressed_as_a_whole_holds_the_same_records(real_file):
    whole = ours(real_file("warc/example-bad-non-chunked.warc.gz"))
    assert whole == ours(real_file("warc/example.warc"))


def test_the_same_text_from_warc_and_from_its_compressed_form(real_file):
    for name in ("example", "whirlwind"):
        plain = list(read_warc(real_file(f"warc/{name}.warc")))
        packed = list(read_warc(real_file(f"warc/{name}.warc.gz")))
        assert [(d.id, d.text, d.meta) for d in plain] == [(d.id, d.text, d.meta) for d in packed]
        assert len(plain) == 1


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@pytest.mark.parametrize("kind", ["a.wet.gz", "a.warc"])
def test_a_flipped_byte_costs_one_record_at_most(make, stories, kind, place, flip):
    path = make(kind, stories(6))
    records = list(read_records(path))
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= flip
    path.write_bytes(data)
    on_error = ErrorPolicy("skip")
    left = {record.id: record for record in read_records(path, on_error=on_error)}
    hit = {r.id for r in records if r.start <= int(place * len(data)) < r.end}
    lost = [record.id for record in records if record.id not in left]
    assert set(lost) <= hit
    assert on_error.counts.total() >= len(lost) or kind == "a.warc"  # the flip may be in the id
    for record in records:
        if record.id not in hit:
            assert left[record.id] == record


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(cut=st.floats(0.01, 1))
@pytest.mark.parametrize("kind", ["a.wet.gz", "a.warc", "whole.warc.gz"])
def test_a_cut_file_gives_all_records_before_the_cut(make, stories, kind, cut):
    path = make(kind, stories(6))
    records = list(read_records(path))
    data = path.read_bytes()[: int(cut * path.stat().st_size)]
    path.write_bytes(data)
    left = list(read_records(path, on_error=ErrorPolicy("skip")))
    assert [(r.id, r.content) for r in left] == [(r.id, r.content) for r in records[: len(left)]]
    if kind != "whole.warc.gz":  # there, places do not count bytes of the file
        # The line ends behind the last record are no loss.
        assert len(left) >= sum(record.end <= len(data) for record in records)


@pytest.mark.parametrize("length", ["0", "7", "999", "9" * 8, "9" * 18, "-1", "x"])
@pytest.mark.parametrize("kind", ["a.warc", "whole.warc.gz"])
def test_a_length_that_lies_costs_only_its_record(make, stories, kind, length):
    path = make(kind, stories(3))
    data = path.read_bytes()
    plain = gzip.decompress(data) if kind.endswith(".gz") else data
    place = plain.index(b"Content-Length", plain.index(b"WARC-Type: response"))
    end = plain.index(b"\r\n", place)
    plain = plain[:place] + f"Content-Length: {length}".encode() + plain[end:]
    path.write_bytes(gzip.compress(plain) if kind.endswith(".gz") else plain)
    on_error = ErrorPolicy("skip")
    assert [document.text for document in read_warc(path, on_error=on_error)] == stories(3)[1:]
    assert on_error.counts.total() == 1


def test_bombs_are_skipped_in_bounded_memory(make, stories):
    path = make("a.wet.gz", stories(2))
    good, bomb = path.read_bytes(), gzip.compress(b"WARC/1.0\r\n" + bytes(100_000_000), 1)
    path.write_bytes(bomb + good + bomb + good)
    on_error = ErrorPolicy("skip")
    tracemalloc.start()
    documents = list(read_warc(path, on_error=on_error, limits=Limits(record=1_000_000)))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [document.text for document in documents] == stories(2) * 2
    assert on_error.items() == [("record too long", 2)]
    assert most < 10_000_000


def response(body, *headers):
    http = "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body
    head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:1>\r\n"
    head += f"Content-Type: application/http\r\nContent-Length: {len(http)}\r\n\r\n"
    return head.encode() + http + b"\r\n\r\n"


def write(tmp_path, *records):
    path = tmp_path / "made.warc"
    path.write_bytes(b"".join(records))
    return path


def test_a_bomb_inside_http_is_bounded_too(tmp_path):
    bomb = response(gzip.compress(bytes(100_000_000)), "Content-Encoding: gzip")
    good = response(b"<p>Text.", "Content-Type: text/html")
    on_error = ErrorPolicy("skip")
    limits = Limits(record=1_000_000)
    path = write(tmp_path, bomb, good)
    assert [d.text for d in read_warc(path, on_error=on_error, limits=limits)] == ["Text."]
    assert on_error.items() == [("record too long", 1)]


@pytest.mark.parametrize("body", [b"5\r\nhel", b"zz\r\nhello\r\n0\r\n\r\n", b"ffffffff\r\nx", b""])
def test_wrong_chunks_harm_no_other_record(tmp_path, body):
    bad = response(body, "Transfer-Encoding: chunked", "Content-Type: text/html")
    good = response(b"<p>Text.", "Content-Type: text/html")
    path = write(tmp_path, bad, good)
    documents = list(read_warc(path, on_error=ErrorPolicy("skip")))
    assert documents[-1].text == "Text."
    assert documents[-1].end == path.stat().st_size


def test_only_pages_that_were_found_and_hold_text_become_documents(tmp_path):
    page = response(b"<p>Page.", "Content-Type: text/html; charset=utf-8")
    note = response("Zo\u00eb".encode("latin1"), "Content-Type: text/plain; charset=latin1")
    image = response(b"GIF89a", "Content-Type: image/gif")
    gone = response(b"<p>Not here.", "Content-Type: text/html").replace(b"200 OK", b"404 No")
    empty = response(b"", "Content-Type: text/html")
    on_error = ErrorPolicy("skip")
    documents = list(read_warc(write(tmp_path, page, note, image, gone, empty), on_error=on_error))
    assert [document.text for document in documents] == ["Page.", "Zo\u00eb"]
    assert on_error.items() == [("blank", 1)]


def test_the_log_of_the_crawler_is_no_page(tmp_path):
    log = (
        b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x:2>\r\n"
        b"WARC-Target-URI: <metadata://gnu.org/software/wget/warc/wget.log>\r\n"
        b"Content-Type: text/plain\r\nContent-Length: 9\r\n\r\nfetched 1\r\n\r\n"
    )
    notes = log.replace(b"metadata://gnu.org/software/wget/warc/wget.log", b"http://a.org/notes")
    path = write(tmp_path, log, notes)
    assert [d.meta["url"] for d in read_warc(path)] == ["http://a.org/notes"]
