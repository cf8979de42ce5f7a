"""The crawl: two libraries read every record, and every label is true."""

import json
import math
import random
import re
import zlib
from collections import Counter
from dataclasses import fields

import lxml.html
import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from fastwarc.warc import WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid import langid
from scratchlm.errors import InputError
from scratchlm.world import corpus, questions, read_story, story_words, write_story
from scratchlm.world.dumps import CrawlConfig, Extent, Shares, page, write_crawl
from scratchlm.world.dumps.charset import CODECS
from scratchlm.world.dumps.edit import exchange
from scratchlm.world.dumps.mixture import draw
from scratchlm.world.dumps.personal import plant
from scratchlm.world.dumps.stream import story_stream
from warcio.archiveiterator import ArchiveIterator

PAGES = 800
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+?\(?\d[\d() -]{7,}\d")
IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
PATTERNS = {"email": EMAIL, "phone": PHONE, "ip": IP}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_crawl(tmp_path_factory.mktemp("crawl"), CrawlConfig(), Extent(items=PAGES))


@pytest.fixture(scope="module")
def labels(files):
    lines = files[2].read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def responses(files):
    """Headers and body of each page, as fastwarc gives them."""
    with files[0].open("rb") as file:
        records = FastIterator(file, record_types=WarcRecordType.response, parse_http=True)
        return [
            (record.headers.asdict(), record.http_headers.asdict(), record.reader.read())
            for record in records
        ]


@pytest.fixture(scope="module")
def texts(files):
    """Headers and text of each page in the WET file, as fastwarc gives them."""
    with files[1].open("rb") as file:
        records = FastIterator(file, record_types=WarcRecordType.conversion)
        return [(r.headers.asdict(), r.reader.read().decode()) for r in records]


def of_kind(labels, *kinds):
    found = [label for label in labels if label["kind"] in kinds]
    assert len(found) > 5
    return found


def test_warcio_reads_every_record_and_every_digest_is_right(files, labels, responses):
    with files[0].open("rb") as file:
        first, *records = [
            (record.rec_type, record.rec_headers, record.content_stream().read(), record)
            for record in ArchiveIterator(file, check_digests="raise")
        ]
    assert first[0] == "warcinfo"
    assert [kind for kind, *_ in records] == ["response"] * PAGES
    for (_, headers, body, _), label, (theirs, _, other) in zip(
        records, labels, responses, strict=True
    ):
        assert headers["WARC-Target-URI"] == label["url"] == theirs["WARC-Target-URI"]
        assert headers["WARC-Record-ID"] == f"<{label['id']}>"
        assert body == other


def test_the_text_file_matches_the_pages_one_for_one(files, labels, texts):
    with files[1].open("rb") as file:
        kinds = [record.rec_type for record in ArchiveIterator(file, check_digests="raise")]
    assert kinds == ["warcinfo"] + ["conversion"] * PAGES
    for label, (headers, text) in zip(labels, texts, strict=True):
        assert headers["WARC-Target-URI"] == label["url"]
        assert headers["WARC-Refers-To"] == f"<{label['id']}>"
        if not label["garbled"]:
            assert all(paragraph in text for paragraph in label["text"].split("\n\n"))


def test_each_record_is_a_gzip_member_of_its_own(files):
    for file in files[:2]:
        rest, members = file.read_bytes(), 0
        while rest:
            inflate = zlib.decompressobj(wbits=31)
            record = inflate.decompress(rest)
            assert record.startswith(b"WARC/1.0\r\n")
            assert record.endswith(b"\r\n\r\n")
            assert inflate.eof
            rest, members = inflate.unused_data, members + 1
        assert members == PAGES + 1


def test_the_visible_text_of_the_html_is_the_text_of_the_text_file(labels, responses, texts):
    for label, (_, _, body), (_, text) in zip(labels, responses, texts, strict=True):
        believed = CODECS[label["charset"]["declared"] or "utf-8"]
        tree = lxml.html.document_fromstring(body.decode(believed, "replace"))
        for element in tree.xpath("//script | //style"):
            element.drop_tree()
        assert "".join(tree.text_content().split()) == "".join(text.split())


def test_bytes_and_declared_charset_are_what_the_label_says(labels, responses, texts):
    seen = Counter()
    for label, (_, http, body), (_, text) in zip(labels, responses, texts, strict=True):
        actual, declared = label["charset"]["actual"], label["charset"]["declared"]
        content_type = f"text/html; charset={declared}" if declared else "text/html"
        assert http["Content-Type"] == content_type
        assert (declared is None) == (b"charset" not in body)
        assert int(http["Content-Length"]) == len(body)
        body.decode(actual)
        believed = CODECS[declared] if declared else "utf-8"
        if believed == actual:
            assert not label["garbled"]
        seen[actual, declared, label["garbled"]] += 1
        if label["garbled"]:
            assert label["text"].split("\n\n")[0] not in text or label["text"] not in text
    assert {("utf-8", None, False), ("cp1252", "windows-1252", False)} <= seen.keys()
    assert {("utf-8", "windows-1252", True), ("cp1252", "utf-8", True)} <= seen.keys()


def test_stories_are_stories_of_the_crawl_and_their_code_length_is_exact(labels):
    stream = story_stream("crawl", 0)
    told = Counter()
    for label in of_kind(labels, "story"):
        stories = [write_story(stream, number) for number in label["stories"]]
        told.update(label["stories"])
        if "nats" in label:
            assert "\n\n".join(story.text for story in stories) == label["text"]
            assert label["nats"] == pytest.approx(
                sum(read_story(s.text).nats for s in stories), abs=1e-5
            )
        else:
            assert label["personal"] or label["decoys"]
    assert max(told.values()) == 1


def test_copies_are_copies_of_an_earlier_page(labels, responses):
    places = {label["url"]: place for place, label in enumerate(labels)}
    assert len(places) == PAGES
    for place, label in enumerate(labels):
        if label["kind"] not in ("reprint", "near", "mirror"):
            assert label["duplicate_of"] is None
            continue
        origin = places[label["duplicate_of"]]
        assert origin < place
        first = labels[origin]
        assert first["kind"] in ("story", "facts", "foreign")
        assert (label["text"] == first["text"]) == (label["edit_rate"] == 0)
        same_bytes = responses[place][2] == responses[origin][2]
        assert same_bytes == (label["kind"] == "mirror")


def edit_distance(old, new):
    """Levenshtein over words, the plain table of numbers."""
    row = list(range(len(new) + 1))
    for i, one in enumerate(old, start=1):
        above, row = row, [i]
        for j, other in enumerate(new, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (one != other)))
    return row[-1]


def test_near_duplicates_have_the_edit_rate_of_their_label(labels):
    texts = {label["url"]: label["text"] for label in labels}
    rates = Counter()
    for label in of_kind(labels, "near"):
        old, new = story_words(texts[label["duplicate_of"]]), story_words(label["text"])
        assert edit_distance(old, new) == round(label["edit_rate"] * len(old))
        nearest = min(CrawlConfig().edit_rates, key=lambda rate: abs(rate - label["edit_rate"]))
        assert abs(nearest - label["edit_rate"]) <= 0.5 / len(old) + 1e-9
        rates[nearest] += 1
    assert rates.keys() == set(CrawlConfig().edit_rates)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 1.0), st.randoms(use_true_random=False))
def test_exchanged_words_are_as_many_as_asked_for(index, rate, rng):
    paragraphs = write_story(0, index).text.split("\n\n")[:2]
    edited, exact = exchange(paragraphs, rate, rng)
    old, new = story_words(" ".join(paragraphs)), story_words(" ".join(edited))
    assert edit_distance(old, new) == round(rate * len(old)) == round(exact * len(old))


def test_personal_data_stand_where_the_label_says_and_nowhere_else(labels):
    kinds = Counter()
    for label in labels:
        for name in ("personal", "decoys"):
            for span in label[name]:
                assert label["text"][span["start"] :].startswith(span["text"])
                kinds[span["kind"]] += 1
        spans = {(s["start"], s["kind"]): s["text"] for s in label["personal"]}
        decoys = {s["start"] for s in label["decoys"]}
        for (_, kind), text in spans.items():
            assert PATTERNS[kind].fullmatch(text)
        for kind, pattern in PATTERNS.items():
            for found in pattern.finditer(label["text"]):
                known = spans.get((found.start(), kind)) == found[0]
                other = {start for start, _ in spans} | decoys
                assert known or any(found.start() <= s < found.end() for s in other)
    assert {"email", "phone", "ip"} <= kinds.keys()
    assert {"version", "number", "date", "time", "local", "handle"} <= kinds.keys()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=5),
    st.sampled_from(["contact", "decoy"]),
    st.randoms(use_true_random=False),
)
def test_planted_spans_are_exact_in_any_text(paragraphs, rule, rng):
    planted, spans = plant(paragraphs, rule, rng)
    text = "\n\n".join(planted)
    assert spans
    assert all(text[s.start : s.start + len(s.text)] == s.text for s in spans)
    assert all(new.startswith(old) for old, new in zip(paragraphs, planted, strict=True))


def test_a_library_finds_the_language_of_the_label(labels):
    asked = [label for label in labels if label["kind"] in ("story", "facts", "foreign")]
    right = sum(langid.classify(label["text"])[0] == label["language"] for label in asked)
    assert right / len(asked) > 0.99
    assert {label["language"] for label in asked} == {"en", "de", "fr", "es"}


def test_held_out_pages_hold_a_question_of_the_test_split_and_no_other_page_does(labels):
    held_out = list(corpus("test", CrawlConfig().held_out))
    texts = [story.text for story in held_out]
    for label in labels:
        if label["kind"] != "held_out":
            assert not any(text in label["text"] for text in texts)
            continue
        (place,) = label["held_out"]
        story = held_out[place["story"]]
        assert label["text"].startswith(story.text)
        asked = {question.text: question.answer for question in questions(story)}
        quiz = label["text"].removeprefix(story.text)
        assert place["question"] in quiz
        assert asked[place["question"]] in quiz


def test_spam_is_labelled_and_only_spam_is(labels):
    kinds = {label["kind"] for label in labels if label["is_spam"]}
    assert kinds == {"spam", "keywords", "farm"}
    for label in of_kind(labels, "keywords"):
        said = story_words(label["text"])
        assert len(set(said)) < 0.3 * len(said)
    for label in of_kind(labels, "farm"):
        assert label["text"] == ""


def test_kinds_are_as_frequent_as_configured():
    """Within four standard deviations."""
    config, number = CrawlConfig(), 20_000
    rng = random.Random(0)
    drawn = [draw(config, rng) for _ in range(number)]
    kinds = Counter(d.kind for d in drawn)
    shares = {f.name: getattr(config.shares, f.name) for f in fields(config.shares)}
    charsets = Counter(d.charset for d in drawn)
    wrong = sum(n for c, n in charsets.items() if c.declared and CODECS[c.declared] != c.actual)
    found = [(kinds[name], share) for name, share in shares.items()]
    found += [(wrong, config.wrong), (sum(d.planted == "contact" for d in drawn), config.personal)]
    for times, share in found:
        assert abs(times - number * share) < 4 * math.sqrt(number * share * (1 - share))


def test_a_crawl_of_one_kind_is_of_one_kind(tmp_path):
    shares = Shares(**{field.name: 0.0 for field in fields(Shares)} | {"farm": 1.0})
    config = CrawlConfig(shares=shares)
    assert {page(config, index).kind for index in range(20)} == {"farm"}


def test_shares_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="sum to 1"):
        Shares(story=0.9)
    with pytest.raises(InputError, match="not above 1 in sum"):
        CrawlConfig(missing=0.9, wrong=0.2)
    with pytest.raises(InputError, match="expected edit rates above 0"):
        CrawlConfig(edit_rates=(0.0,))


def test_records_have_the_fields_of_common_crawl(real_file, responses, texts):
    for name, ours in (("whirlwind.warc.gz", responses), ("whirlwind.warc.wet.gz", texts)):
        with real_file(f"warc/{name}").open("rb") as file:
            kinds = WarcRecordType.response | WarcRecordType.conversion
            real = {key for r in FastIterator(file, record_types=kinds) for key, _ in r.headers}
        assert {key for headers, *_ in ours for key in headers} <= real
