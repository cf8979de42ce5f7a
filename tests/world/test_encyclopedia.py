"""The encyclopedia: mwxml and mwparserfromhell read every page, and every fact is true."""

import bz2
import hashlib
import json
import random
import re
from collections import Counter

import lxml.etree
import mwparserfromhell
import mwxml
import pytest
from scratchlm.world import read_story
from scratchlm.world.dumps import EncyclopediaConfig, Extent, write_encyclopedia
from scratchlm.world.dumps.describe import at_home, describe_entity, patron, plain
from scratchlm.world.village import village

PAGES = 700
XML = "{http://www.mediawiki.org/xml/export-0.11/}"
ENTITIES = village().people + village().animals + village().places + village().things


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encyclopedia")
    return write_encyclopedia(folder, EncyclopediaConfig(), Extent(items=PAGES))


@pytest.fixture(scope="module")
def labels(files):
    return [json.loads(line) for line in files[1].read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def pages(files):
    """Every page with its only revision, as mwxml gives them."""
    with bz2.open(files[0], "rb") as file:
        dump = mwxml.Dump.from_file(file)
        assert dump.site_info.dbname == "larkwellwiki"
        return [(page, *page) for page in dump]


def test_mwxml_reads_every_page(pages, labels):
    for (page, revision), label in zip(pages, labels, strict=True):
        prefix = {0: "", 1: "Talk:", 10: "Template:", 14: "Category:"}[label["ns"]]
        assert (page.id, page.namespace) == (label["id"], label["ns"])
        assert prefix + page.title.removeprefix(prefix) == label["title"]
        assert page.redirect == label["redirect"]
        assert revision.model == "wikitext"
        assert (revision.user.id is None) == bool(re.fullmatch(r"[\d.]+", revision.user.text))


def base36(text):
    number, digits = int(hashlib.sha1(text.encode()).hexdigest(), 16), []
    for _ in range(31):
        number, digit = divmod(number, 36)
        digits.append("0123456789abcdefghijklmnopqrstuvwxyz"[digit])
    return "".join(reversed(digits))


def test_lxml_finds_the_elements_in_order_and_every_fingerprint_right(files, labels):
    with bz2.open(files[0], "rb") as file:
        pages = [page for _, page in lxml.etree.iterparse(file, tag=XML + "page")]
    assert len(pages) == len(labels)
    for page in pages:
        names = [child.tag.removeprefix(XML) for child in page]
        assert names in (
            ["title", "ns", "id", "revision"],
            ["title", "ns", "id", "redirect", "revision"],
        )
        text = page.find(f"{XML}revision/{XML}text")
        assert int(text.get("bytes")) == len(text.text.encode())
        sha1 = page.findtext(f"{XML}revision/{XML}sha1")
        assert sha1 == text.get("sha1") == base36(text.text)


def test_pages_have_the_elements_of_a_real_export(real_file, files):
    def paths(file):
        with bz2.open(file, "rb") as opened:
            events = lxml.etree.iterparse(opened, tag="{*}page", recover=True)
            return {
                "/".join(re.sub("{.*}", "", a.tag) for a in (*reversed([*e.iterancestors()]), e))
                for _, page in events
                for e in page.iter()
            }

    real = paths(real_file("wiki/enwiki-pages-articles-excerpt.xml.bz2"))
    assert paths(files[0]) - real == {"mediawiki/page/revision/origin"}  # new in schema 0.11


def test_a_parser_of_wikitext_finds_the_prose_between_the_markup(pages, labels):
    both = list(zip(pages, labels, strict=True))
    for (_, revision), label in both[:300] + both[-60:]:
        code = mwparserfromhell.parse(revision.text)
        for tag in code.filter_tags(matches=lambda tag: tag.tag in ("ref", "table")):
            if tag in code.nodes:
                code.remove(tag)
        seen = " ".join(code.strip_code().split())
        for paragraph in filter(None, label["text"].split("\n\n")):
            assert " ".join(paragraph.split()) in seen


def test_everything_that_wikitext_can_do_occurs(pages):
    text = "\n".join(revision.text for _, revision in pages)
    kinds = {type(node).__name__ for node in mwparserfromhell.parse(text[:200_000]).nodes}
    assert {"Template", "Wikilink", "ExternalLink", "Tag", "Heading", "Comment"} <= kinds
    for sign in ("{|", "<ref ", "#REDIRECT", "[[File:", "[[User talk:", "&nbsp;", "<noinclude>"):
        assert sign in text


def test_no_link_is_red(pages):
    """Every link from one article to another leads to a page of the dump."""
    titles = {page.title for page, _ in pages}
    for page, revision in pages:
        for link in mwparserfromhell.parse(revision.text).filter_wikilinks():
            target = str(link.title)
            if not target.startswith(("File:", "Category:", "User:", "User talk:")):
                assert target[0].upper() + target[1:] in titles, (page.title, target)


def test_titles_are_unique_and_redirects_lead_to_articles(labels):
    titles = {label["title"]: label for label in labels}
    assert len(titles) == len(labels)
    for label in labels:
        if label["kind"] == "redirect":
            assert titles[label["redirect"]]["kind"] not in ("redirect", "talk")
        if label["kind"] == "talk":
            assert label["title"].removeprefix("Talk:") in titles


def test_every_villager_place_and_thing_has_an_article_with_its_facts(labels):
    articles = {(label["kind"], label["title"].lower()): label for label in labels}
    for entity in ENTITIES:
        label = articles[entity.kind, entity.name.lower()]
        assert label["home"] == (entity.home.name if entity.home else None)
        assert label["role"] == entity.forms.get("role")
        assert set(label["traits"]) == entity.traits - {"he", "she"}
        if entity.home:
            assert entity.home.name in label["text"]
            assert entity.forms["role"] in label["text"]


def test_sentences_name_only_those_who_belong_there():
    beings = village().people + village().animals
    for entity in ENTITIES:
        place = entity if entity.kind == "place" else entity.home
        allowed = {entity, *(at_home(place) if place else ())}
        if entity.kind == "person" and "child" in entity.traits:
            allowed.add(patron(entity))
        for seed in range(8):
            text = plain(" ".join(describe_entity(entity, random.Random(seed))))
            assert not set("{}[]") & set(text)
            named = {being for being in beings if re.search(rf"\b{being.name}\b", text)}
            assert named <= allowed, (entity.name, text)
            if entity.home:
                assert re.search(rf"\b{entity.forms['he']}\b", text, re.IGNORECASE) or (
                    entity.home.name in text
                )


def test_nobody_lives_where_the_encyclopedia_says_that_nobody_does():
    homes = {person.home for person in village().people}
    assert not [place for place in homes if "public" in place.traits]
    children = [person for person in village().people if "child" in person.traits]
    assert all(patron(child) is not None for child in children)


def test_tales_are_stories_with_their_exact_code_length(labels):
    tales = [label for label in labels if label["kind"] == "tale"]
    assert len(tales) > 100
    for label in tales:
        _, _, text = label["text"].partition("\n\n")
        assert read_story(text).nats == pytest.approx(label["nats"], abs=1e-5)


def test_redirects_and_talk_pages_are_as_frequent_as_configured(labels):
    kinds = Counter(label["kind"] for label in labels)
    others = ("redirect", "talk", "category", "template")
    articles = PAGES - sum(kinds[kind] for kind in others)
    for kind, share in (("redirect", 0.3), ("talk", 0.25)):
        slack = 4 * (articles * share * (1 - share)) ** 0.5
        assert abs(kinds[kind] - articles * share) < slack
