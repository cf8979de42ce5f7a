"""The PDF as a reader meets it: bookmarks, links, fonts, metadata, and nothing that sticks out."""

import re
from pathlib import Path

import pikepdf
import pytest

ROOT = Path(__file__).parents[2]
NAME = "build-a-large-language-model"
PDF = ROOT / "dist" / f"{NAME}.pdf"
LOG = ROOT / "_build" / "latex" / f"{NAME}.log"
OVERFULL = 2.0  # points that a line may stick out


@pytest.fixture(scope="module")
def pdf():
    if not PDF.exists():
        pytest.skip(f"no {PDF.relative_to(ROOT)}: type make book")
    if (ROOT / "_build/source/_toc.yml").read_text("utf8") != (ROOT / "_toc.yml").read_text("utf8"):
        pytest.skip("what is built has other chapters: type make book")
    with pikepdf.open(PDF) as document:
        yield document


@pytest.fixture(scope="module")
def log():
    if not LOG.exists():
        pytest.skip(f"no {LOG.relative_to(ROOT)}: type make book")
    return LOG.read_text("utf8", "replace")


def walk(items):
    """Bookmarks with their depth, in the order of the book."""
    for item in items:
        yield item
        yield from walk(item.children)


def destinations(pdf):
    """Names that a link may lead to."""
    names = set()

    def collect(node):
        entries = node.get("/Names", [])
        names.update(str(entries[i]) for i in range(0, len(entries), 2))
        for kid in node.get("/Kids", []):
            collect(kid)

    collect(pdf.Root.Names.Dests)
    return names


def links(pdf):
    for number, page in enumerate(pdf.pages, start=1):
        for annotation in page.get("/Annots", []):
            if annotation.get("/Subtype") == "/Link":
                yield number, annotation


def listed_chapters():
    toc = (ROOT / "_toc.yml").read_text("utf8")
    return [int(number) for number in re.findall(r"file: chapters/(\d\d)-", toc)]


def test_bookmarks_lead_to_pages(pdf):
    names = destinations(pdf)
    with pdf.open_outline() as outline:
        items = list(walk(outline.root))
        assert len(items) > 5
        for item in items:
            target = item.destination
            if target is None and item.action is not None:
                target = item.action.get("/D")
            assert target is not None, item.title
            if isinstance(target, pikepdf.String):
                assert str(target) in names, item.title


def test_bookmarks_have_the_numbers_of_the_plan(pdf):
    with pdf.open_outline() as outline:
        titles = [item.title for item in walk(outline.root)]
    for number in listed_chapters():
        assert any(re.match(rf"{number}\s", title) for title in titles), number
        assert any(re.match(rf"{number}\.1\s", title) for title in titles), f"{number}.1"


def test_every_internal_link_leads_somewhere(pdf):
    names = destinations(pdf)
    dead = []
    for page, link in links(pdf):
        action = link.get("/A", {})
        target = link.get("/Dest", action.get("/D"))
        if isinstance(target, pikepdf.String) and str(target) not in names:
            dead.append((page, str(target)))
        elif target is None and action.get("/S") != "/URI":
            dead.append((page, "no target"))
    assert dead == []


def test_the_index_has_links(pdf):
    """The last page is the index: each of its numbers leads to a page."""
    assert len([link for page, link in links(pdf) if page == len(pdf.pages)]) > 0


def fonts(pdf):
    for object_ in pdf.objects:
        if isinstance(object_, pikepdf.Dictionary) and object_.get("/Type") == "/FontDescriptor":
            yield object_


def test_every_font_is_embedded(pdf):
    files = {"/FontFile", "/FontFile2", "/FontFile3"}
    descriptors = list(fonts(pdf))
    assert descriptors
    assert [str(f.FontName) for f in descriptors if not files & set(f.keys())] == []


def descriptions(pdf):
    """What the pages say, in words, about their pictures."""
    for page in pdf.pages:
        for instruction in pikepdf.parse_content_stream(page, "BDC"):
            properties = instruction.operands[1]
            if isinstance(properties, pikepdf.Dictionary) and "/Alt" in properties:
                yield str(properties["/Alt"])


def test_every_picture_says_in_words_what_is_there(pdf):
    source = (LOG.with_suffix(".tex")).read_text("utf8")
    pictures = len(re.findall(r"\\sphinxincludegraphics", source))
    said = list(descriptions(pdf))
    assert pictures > 0
    assert len(said) == pictures
    assert min(map(len, said)) > 20


def test_metadata_says_what_it_is(pdf):
    info = pdf.docinfo
    assert str(info["/Title"]) == "Build a Large Language Model from Scratch"
    assert str(info["/Author"])
    assert str(info["/Subject"])
    assert str(pdf.Root.Lang) == "en"


def test_pages_before_the_first_chapter_have_roman_numbers(pdf):
    labels = pdf.Root.PageLabels.Nums
    styles = [str(labels[i]["/S"]) for i in range(1, len(labels), 2) if "/S" in labels[i]]
    assert "/r" in styles
    if listed_chapters():
        assert styles[-1] == "/D"


def test_no_character_is_missing(log):
    assert sorted(set(re.findall(r"Missing character: .*", log))) == []


def test_nothing_sticks_out(log):
    wide = re.findall(r"^Overfull \\hbox \(([\d.]+)pt too wide\)(.*)$", log, re.MULTILINE)
    assert [f"{points} pt{where}" for points, where in wide if float(points) > OVERFULL] == []


def test_nothing_runs_off_the_end_of_a_page(log):
    high = re.findall(
        r"^Overfull \\vbox \(([\d.]+)pt too high\) has occurred while \\output", log, re.MULTILINE
    )
    assert [points for points in high if float(points) > OVERFULL] == []


def test_every_reference_is_resolved(log):
    assert re.findall(r"LaTeX Warning: (?:Reference|Citation) .* undefined.*", log) == []
    assert re.findall(r"LaTeX Warning: Label .* multiply defined.*", log) == []


def test_the_style_found_what_it_patches(log):
    assert re.findall(r"could not patch.*", log) == []
