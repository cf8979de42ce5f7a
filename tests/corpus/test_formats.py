"""Texts about a format, byte order marks, forbidden characters, wikis in other languages."""

import json

import pytest
from inputs import SENTENCE, texts_of
from scratchlm.corpus import (
    extract_text,
    find_pii,
    read,
    read_mediawiki,
    strip_wikitext,
)
from scratchlm.corpus.extract.wikitext import is_redirect


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
        "-{zh-hans:计算机; zh-hant:電腦;}-是[[甲|-{A|zh-cn:软件;zh-tw:軟體}-]]。-{T|zh-cn:标题}-"
        "-{H|zh-cn:甲}--{zh-cn:[[乙|丙]];zh-tw:[[丁]]}--{原文}-__NOTOC__-{R|原}- __init__"
    )
    (text,) = (page.text for page in read_mediawiki(wiki(tmp_path, [], page)))
    assert text == "计算机是软件。丙原文原 __init__"


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


@pytest.mark.parametrize(
    "text",
    [
        "<!--x-->" * 500,
        "<?x?>" * 800,
        "<!DOCTYPE x [" * 300,
        "[[" + "a:" * 200_000 + "]]",
        "-{" * 200_000,
        "-{a|" + "zh-cn:" * 200_000 + "}-",
        "__ab" * 200_000,
        "#re" * 200_000,
    ],
)
def test_what_never_becomes_a_format_takes_linear_time(tmp_path, text):
    """Quadratic, or exponential, would take minutes or for ever."""
    (tmp_path / "a.txt").write_text(text)
    assert texts_of(tmp_path / "a.txt")[0] == [text]
    assert isinstance(strip_wikitext(text), str)
    assert is_redirect(text) is False
