"""The HTML as a reader meets it: it works without a network, and nothing in it leads nowhere."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
OUTSIDE = ("http://", "https://", "//")
# loaded on a click only; the theme writes it into every page
ON_DEMAND = {"thebe"}


@pytest.fixture(scope="module")
def pages():
    """Every page, parsed, by its path."""
    if not (HTML / "book" / "index.html").exists():
        pytest.skip("no _build/html: type make html")
    if (ROOT / "_build/source/_toc.yml").read_text("utf8") != (ROOT / "_toc.yml").read_text("utf8"):
        pytest.skip("what is built has other chapters: type make book")
    paths = sorted(p for p in HTML.rglob("*.html") if "_static" not in p.parts)
    return {path: BeautifulSoup(path.read_text("utf8"), "html.parser") for path in paths}


@pytest.fixture(scope="module")
def anchors(pages):
    """What a link into each page may name."""
    return {
        path: {tag["id"] for tag in page.find_all(id=True)}
        | {tag["name"] for tag in page.find_all("a", attrs={"name": True})}
        for path, page in pages.items()
    }


def listed_chapters():
    toc = (ROOT / "_toc.yml").read_text("utf8")
    return re.findall(r"file: (chapters/(\d\d)-\S+)", toc)


def test_every_page_of_the_contents_is_there(pages):
    toc = (ROOT / "_toc.yml").read_text("utf8")
    for name in re.findall(r"file: (\S+)", toc):
        assert HTML / f"{name}.html" in pages


def test_every_internal_link_is_alive(pages, anchors):
    dead = []
    for path, page in pages.items():
        for tag in page.find_all("a", href=True):
            url = urlsplit(tag["href"])
            if url.scheme or url.netloc or tag["href"] in ("", "#"):
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if not target.exists() or (
                url.fragment and target in anchors and unquote(url.fragment) not in anchors[target]
            ):
                dead.append((path.name, tag["href"]))
    assert dead == []


def test_nothing_is_loaded_from_outside(pages):
    loaded = []
    for path, page in pages.items():
        for tag in page.find_all(["script", "img", "iframe", "source", "video"], src=True):
            loaded.append((path.name, tag["src"]))
        for tag in page.find_all("link", href=True):
            if set(tag.get("rel", ())) & {"stylesheet", "preload", "icon", "preconnect"}:
                loaded.append((path.name, tag["href"]))
    assert [(page, url) for page, url in loaded if url.startswith(OUTSIDE)] == []


def test_styles_load_nothing_from_outside():
    if not HTML.exists():
        pytest.skip("no _build/html: type make html")
    for path in (HTML / "_static").rglob("*.css"):
        urls = re.findall(r"url\(['\"]?([^'\")]+)", path.read_text("utf8", "replace"))
        assert [url for url in urls if url.startswith(OUTSIDE)] == [], path.name


def test_what_pages_load_is_there(pages):
    missing = []
    for path, page in pages.items():
        sources = [tag["src"] for tag in page.find_all(["script", "img"], src=True)]
        sources += [tag["href"] for tag in page.find_all("link", rel="stylesheet", href=True)]
        for source in sources:
            url = urlsplit(source)
            if url.scheme or url.netloc:
                continue
            if not (path.parent / unquote(url.path)).exists():
                missing.append((path.name, source))
    assert missing == []


def test_formulas_are_set_by_the_copy_beside_the_pages(pages):
    page = pages[HTML / "book" / "notation.html"]
    scripts = [tag["src"] for tag in page.find_all("script", src=True)]
    assert any("mathjax/tex-chtml-full.js" in source for source in scripts)


def test_every_picture_says_in_words_what_is_there(pages):
    silent = []
    for path, page in pages.items():
        for tag in page.find_all("img"):
            if not tag.get("alt", "").strip() or tag["alt"].endswith((".svg", ".png")):
                silent.append((path.name, tag.get("src")))
    assert silent == []


def test_every_figure_has_a_number_and_a_caption(pages):
    for path, page in pages.items():
        for figure in page.find_all("figure"):
            caption = figure.find("figcaption")
            assert caption is not None, (path.name, figure.get("id"))
            assert caption.find(class_="caption-number"), (path.name, figure.get("id"))


def test_chapters_have_the_numbers_of_the_plan(pages):
    for name, number in listed_chapters():
        page = pages[HTML / f"{name}.html"]
        numbers = {tag.get_text().split(".")[0] for tag in page.select("h1 .section-number")}
        assert numbers == {str(int(number))}
        captions = [tag.get_text() for tag in page.select("article .caption-number")]
        for caption in captions:
            assert re.match(rf"\D+{int(number)}\.\d+", caption), caption


def test_the_index_names_terms_and_leads_to_them(pages, anchors):
    entries = pages[HTML / "genindex.html"].select("table.indextable a[href]")
    assert len(entries) > 20
    for tag in entries:
        url = urlsplit(tag["href"])
        assert unquote(url.fragment) in anchors[HTML / unquote(url.path)], tag["href"]


def test_nothing_failed_to_render(pages):
    for path, page in pages.items():
        assert page.select(".problematic, .system-message") == [], path.name


def test_the_landing_page_offers_the_pdf(pages):
    if not (ROOT / "dist" / "build-a-large-language-model.pdf").exists():
        pytest.skip("no PDF: type make book")
    page = pages[HTML / "book" / "index.html"]
    links = [tag["href"] for tag in page.find_all("a", href=True)]
    assert any(link.endswith("build-a-large-language-model.pdf") for link in links)


def test_search_knows_the_text():
    path = HTML / "searchindex.js"
    if not path.exists():
        pytest.skip("no _build/html: type make html")
    assert "entropi" in path.read_text("utf8") or "entropy" in path.read_text("utf8")
