"""MediaWiki dumps: the same revisions as mwxml, and broken pages cost no other."""

import bz2

import mwxml
import pytest
from scratchlm.corpus import ErrorPolicy, Limits, read_mediawiki, read_revisions
from scratchlm.errors import InputError

DUMPS = ["wiki/mwxml-dump.xml", "wiki/enwiki-pages-articles-excerpt.xml.bz2"]


def theirs(path):
    opening = bz2.open if path.suffix == ".bz2" else open
    with opening(path) as file:
        for page in mwxml.Dump.from_file(file):
            for revision in page:
                yield (
                    str(page.id),
                    page.title,
                    page.namespace,
                    page.redirect or "",
                    str(revision.id),
                    str(revision.timestamp),
                    revision.text or "",
                )


def fields(revision):
    return (
        revision.page,
        # mwxml gives the title without the namespace
        revision.title.partition(":")[2] if revision.namespace else revision.title,
        revision.namespace,
        revision.redirect,
        revision.id,
        revision.date,
        revision.text,
    )


@pytest.mark.parametrize("name", DUMPS)
def test_the_same_revisions_as_mwxml(real_file, name):
    path = real_file(name)
    ours = list(read_revisions(path, revisions="all"))
    assert [fields(r)[0:1] + fields(r)[2:] for r in ours] == [r[0:1] + r[2:] for r in theirs(path)]
    assert len(ours) > 2


def test_the_latest_is_the_last_of_each_page_by_date(real_file):
    path = real_file(DUMPS[0])
    every = list(read_revisions(path, revisions="all"))
    latest = list(read_revisions(path))
    assert [r.id for r in latest] == ["2", "3"]
    assert {r.page: r.text for r in latest} == {r.page: r.text for r in every}


@pytest.mark.parametrize("revisions", ["latest", "all"])
def test_resuming_behind_any_revision_gives_the_rest(real_file, revisions):
    path = real_file(DUMPS[0])
    every = list(read_revisions(path, revisions=revisions))
    for number, revision in enumerate(every, 1):
        assert list(read_revisions(path, revision.end, revisions=revisions)) == every[number:]


def test_resuming_in_a_compressed_dump(real_file):
    path = real_file(DUMPS[1])
    every = list(read_revisions(path))
    for number in (1, len(every) - 1):
        assert list(read_revisions(path, every[number - 1].end)) == every[number:]


PAGE = (
    "<page><title>{0}</title><ns>{1}</ns><id>{2}</id>{3}"
    "<revision><id>7</id><timestamp>2024</timestamp><text>{4}</text></revision></page>"
)


def dump(tmp_path, *pages, head="<mediawiki>"):
    path = tmp_path / "dump.xml"
    path.write_text(f"{head}{''.join(pages)}</mediawiki>")
    return path


def test_articles_alone_unless_more_is_asked_for(tmp_path):
    path = dump(
        tmp_path,
        PAGE.format("Owl", 0, 1, "", "An '''owl'''."),
        PAGE.format("Talk:Owl", 1, 2, "", "Is it?"),
        PAGE.format("Owls", 0, 3, '<redirect title="Owl" />', "#REDIRECT [[Owl]]"),
    )
    [owl] = read_mediawiki(path)
    assert (owl.text, owl.id, owl.source) == ("An owl.", "1", "wikipedia")
    assert owl.meta == {"title": "Owl", "date": "2024", "revision": "7"}
    assert [d.text for d in read_mediawiki(path, namespaces=(0, 1))] == ["An owl.", "Is it?"]


GOOD = PAGE.format("Good", 0, 1, "", "Good.")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (GOOD.replace("</text>", "</txt>"), "broken XML"),
        (GOOD.replace("Good.", "&bomb;"), "broken XML"),
        (GOOD.replace("Good.", "a\0b"), "broken XML"),
        (GOOD.replace("<ns>0", "<ns>zero"), "broken XML"),
        (GOOD.replace("<page>", ""), "broken XML"),
        (GOOD.replace("<revision>", ""), "revision not opened"),
        (GOOD.replace("</revision></page>", ""), "revision not closed"),
        (GOOD.replace("Good.", "<a>" * 5000 + "</a>" * 5000), "broken XML"),
        (GOOD.replace("Good.", "x" * 100_001), "record too long"),
    ],
)
def test_a_broken_page_costs_no_other(tmp_path, bad, reason):
    path, on_error = dump(tmp_path, GOOD, bad, GOOD), ErrorPolicy("skip")
    limits = Limits(record=100_000)
    assert [d.text for d in read_mediawiki(path, on_error=on_error, limits=limits)] == ["Good."] * 2
    assert reason in on_error.counts
    with pytest.raises(InputError, match=r"dump\.xml: .* expected .*, found .*--on-error skip"):
        list(read_mediawiki(path, limits=limits))


def test_entities_of_a_document_type_are_never_expanded(tmp_path):
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE mediawiki [<!ENTITY a0 "lol">{levels}]><mediawiki>'
    path = dump(tmp_path, GOOD.replace("Good.", "&a9;"), GOOD, head=head)
    on_error = ErrorPolicy("skip")
    assert [d.text for d in read_mediawiki(path, on_error=on_error)] == ["Good."]
    assert on_error.items() == [("broken XML", 1)]
