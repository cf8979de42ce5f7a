"""The bibliography: complete entries, one key each, sorted, and every citation finds its entry."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from pybtex.database import parse_file

ROOT = Path(__file__).parents[2]
BIBLIOGRAPHY = ROOT / "book" / "references.bib"
REQUIRED = {
    "article": {"author", "title", "journal", "volume", "year", "pages"},
    "book": {"author", "title", "publisher", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "misc": {"author", "title", "year", "url"},
    "techreport": {"author", "title", "institution", "year"},
}
KEY = re.compile(r"[a-z]+(?:19|20)\d\d[a-z]?")
CITATION = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


@pytest.fixture(scope="module")
def entries():
    return parse_file(str(BIBLIOGRAPHY)).entries


def keys_in_order():
    return re.findall(r"^@\w+\{([^,\s]+),", BIBLIOGRAPHY.read_text("utf8"), re.MULTILINE)


def pages():
    """Every page of the book as its path and its text, outputs of notebooks left out."""
    for path in sorted([*ROOT.glob("book/**/*.md"), *ROOT.glob("*.md")]):
        yield path, path.read_text("utf8")
    for path in sorted([*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("book/**/*.ipynb")]):
        cells = json.loads(path.read_text("utf8"))["cells"]
        yield (
            path,
            "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
            + "\n".join(json.dumps(c["metadata"]) for c in cells if c["cell_type"] == "code"),
        )


def test_keys_are_unique_and_sorted():
    keys = keys_in_order()
    assert keys
    assert [key for key, times in Counter(keys).items() if times > 1] == []
    assert keys == sorted(keys)


def test_keys_are_a_surname_and_a_year():
    assert [key for key in keys_in_order() if not KEY.fullmatch(key)] == []


def test_no_source_is_listed_twice(entries):
    titles = Counter(re.sub(r"\W", "", e.fields["title"]).lower() for e in entries.values())
    assert [title for title, times in titles.items() if times > 1] == []


def test_entries_have_the_fields_their_type_needs(entries):
    assert set(keys_in_order()) == set(entries)
    for key, entry in entries.items():
        assert entry.type in REQUIRED, f"{key}: type {entry.type} is not used in this book"
        found = {*entry.fields, *entry.persons}
        assert REQUIRED[entry.type] <= found, f"{key}: {REQUIRED[entry.type] - found} missing"
        assert all(str(value).strip() for value in entry.fields.values()), key


def test_years_pages_and_addresses_are_well_formed(entries):
    for key, entry in entries.items():
        fields = entry.fields
        assert re.fullmatch(r"(19|20)\d\d", fields["year"]), key
        assert re.fullmatch(r"S?\d+(--\d+)?( and \d+--\d+)?", fields.get("pages", "1")), key
        assert fields.get("url", "https://").startswith("https://"), key
        assert re.match(r"10\.\d{4,}/", fields.get("doi", "10.0000/")), key


def test_authors_are_written_surname_first(entries):
    for key, entry in entries.items():
        for person in entry.persons["author"]:
            organization = re.fullmatch(r"\{[^{}]+\}", str(person))
            whole = str(person) == "others" or organization
            assert whole or person.first_names, f"{key}: {person}"


def test_every_citation_finds_its_entry(entries):
    for path, text in pages():
        for cited in CITATION.findall(text):
            for key in cited.split(","):
                assert key.strip() in entries, f"{path.name} cites {key.strip()}"
