"""Read real files of the three sources, and count what is in them and what comes out.

    python code/benchmarks/sources.py FOLDER > book/recorded/02-real-sources.json

FOLDER holds `warc/`, `wiki/` and `stackexchange/`. Prints JSON: records, damage, bytes in and
out; how far our main text agrees with two libraries', page by page; what is left of the markup
of an encyclopedia; what the votes and the accepted answers of a forum say.
"""

import argparse
import json
import platform
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median, quantiles

import mwparserfromhell
import trafilatura
from scratchlm.corpus import (
    ErrorPolicy,
    Record,
    decode_page,
    extract_text,
    join_answers,
    main_text,
    read,
    read_posts,
    read_records,
    read_revisions,
    strip_wikitext,
)

HTML = ("text/html", "application/xhtml+xml")


def overlap(got: str, wanted: str) -> float:
    """F1 of two texts as bags of words."""
    a, b = (Counter(re.findall(r"\w+", text)) for text in (got, wanted))
    return 2 * (a & b).total() / max(1, a.total() + b.total())


def spread(values: Iterable[float]) -> dict[str, float]:
    """Mean, median and the lowest quarter's edge."""
    numbers = list(values)
    low = quantiles(numbers, n=4)[0]
    found = {"mean": mean(numbers), "median": median(numbers), "lower_quartile": low}
    return {name: round(value, 3) for name, value in found.items()}


def spoiled_one_by_one(path: Path) -> dict[str, int]:
    """Flip a byte in each record in turn, and count the good records that are then not read."""
    data = path.read_bytes()
    records = list(read_records(path))
    spoiled, lost = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        for hit in records:
            bad = bytearray(data)
            bad[(hit.start + hit.end) // 2] ^= 0xFF
            copy.write_bytes(bad)
            read_again = {record.id for record in read_records(copy, on_error=ErrorPolicy("skip"))}
            wanted = {record.id for record in records if record is not hit}
            spoiled += hit.id not in read_again
            lost += len(wanted - read_again)
    return {"spoiled": spoiled, "good_lost": lost}


def web(folder: Path) -> dict[str, object]:
    """All files of a crawl: records, damage, documents; and main text by three extractors."""
    files, pages = {}, list[Record]()
    for path in sorted(folder.iterdir()):
        on_error, seen = ErrorPolicy("skip"), set[str]()
        records = list(read_records(path, on_error=on_error))
        texts = [document.text for document in read(path, on_error=ErrorPolicy("skip"))]
        files[path.name] = {
            "bytes": path.stat().st_size,
            "records": dict(Counter(record.kind for record in records)),
            "damage": dict(on_error.items()),
            "documents": len(texts),
            "not_from_pages": sum(r.kind == "resource" for r in records),
            "bytes_out": sum(len(text.encode()) for text in texts),
        }
        for record in records:
            mime = record.content_type.partition(";")[0]
            page = record.kind == "response" and record.status == 200 and mime in HTML
            if page and path.name.startswith("sample") and record.url not in seen:
                seen.add(record.url)
                pages.append(record)
    scores = {"ours_resiliparse": [], "ours_trafilatura": [], "resiliparse_trafilatura": []}
    worst, lies = [], 0
    for page in pages:
        html = decode_page(page.content, page.content_type)
        texts = main_text(html), extract_text(page.content, page.content_type)
        theirs = trafilatura.extract(html) or ""
        scores["ours_resiliparse"].append(overlap(*texts))
        scores["ours_trafilatura"].append(overlap(texts[0], theirs))
        scores["resiliparse_trafilatura"].append(overlap(texts[1], theirs))
        worst.append((round(overlap(*texts), 3), len(texts[0]), len(texts[1])))
        lies += "charset" not in page.content_type.lower()
    # Words of the one page that is there in both forms, and how many of them are main text.
    (wet,) = read_records(folder / "whirlwind.warc.wet", kinds=["conversion"])
    (page,) = read_records(folder / "whirlwind.warc", kinds=["response"])
    chosen = extract_text(page.content, page.content_type)
    return {
        "one_page": {
            "html": len(page.content),
            "wet": len(wet.content),
            "main_text": len(chosen.encode()),
        },
        "spoiled": [spoiled_one_by_one(path) for path in sorted(folder.glob("sample*"))],
        "files": files,
        "pages": len(pages),
        "html_bytes": sum(len(page.content) for page in pages),
        "text_bytes": sum(len(extract_text(p.content, p.content_type).encode()) for p in pages),
        "silent_about_charset": lies,
        "f1": {name: spread(values) for name, values in scores.items()},
        "above_0_9": sum(score > 0.9 for score in scores["ours_resiliparse"]),
        "worst": sorted(worst)[:5],
    }


def encyclopedia(path: Path) -> dict[str, object]:
    """A MediaWiki dump: namespaces, what the stripper leaves, and a parser's opinion."""
    on_error = ErrorPolicy("skip")
    revisions = list(read_revisions(path, on_error=on_error))
    articles = [r.text for r in revisions if r.namespace == 0 and not r.redirect]
    plain = [strip_wikitext(text) for text in articles]
    theirs = [mwparserfromhell.parse(text).strip_code() for text in articles]
    return {
        "bytes": path.stat().st_size,
        "pages": len(revisions),
        "namespaces": dict(Counter(str(r.namespace) for r in revisions)),
        "redirects": sum(bool(r.redirect) for r in revisions if r.namespace == 0),
        "articles": len(articles),
        "damage": dict(on_error.items()),
        "bytes_wikitext": sum(len(text.encode()) for text in articles),
        "bytes_out": sum(len(text.encode()) for text in plain),
        "with_braces_left": sum("{{" in text or "}}" in text for text in plain),
        "with_brackets_left": sum("[[" in text or "]]" in text for text in plain),
        "deepest_template": max(map(depth, articles)),
        "f1_parser": spread(map(overlap, plain, theirs)),
        "parser_bytes_out": sum(len(text.encode()) for text in theirs),
        "parser_leaves_thumb": sum("thumb|" in text for text in theirs),
        "ours_leaves_thumb": sum("thumb|" in text for text in plain),
    }


def depth(text: str) -> int:
    """How many templates stand inside of one another."""
    level = most = 0
    for sign in re.findall(r"\{\{|\}\}", text):
        level = level + 1 if sign == "{{" else max(0, level - 1)
        most = max(most, level)
    return most


def forum(path: Path) -> dict[str, object]:
    """A Posts.xml: kinds of posts, orphans, and where asker and voters disagree."""
    on_error = ErrorPolicy("skip")
    posts = list(read_posts(path, on_error=on_error))
    orphans = ErrorPolicy("skip")
    threads = list(join_answers(posts, on_error=orphans))
    seen, early = set[str](), 0
    for post in posts:
        seen.add(post.id)
        early += post.meta["type"] == "answer" and post.meta["question"] not in seen
    chosen = disputed = 0
    for thread in threads:
        scores = [int(answer.meta["score"]) for answer in thread.answers]
        if thread.question.meta.get("accepted") and len(scores) > 1:
            chosen += 1
            disputed += scores[0] < max(scores)
    scores = [int(p.meta["score"]) for p in posts if p.meta["type"] == "answer"]
    return {
        "bytes": path.stat().st_size,
        "bytes_out": sum(len(post.text.encode()) for post in posts),
        "types": dict(Counter(post.meta["type"] for post in posts)),
        "damage": dict(on_error.items()),
        "orphans": sum(orphans.counts.values()),
        "answers_before_their_question": early,
        "threads": len(threads),
        "unanswered": sum(not thread.answers for thread in threads),
        "accepted_among_several": chosen,
        "accepted_with_fewer_votes": disputed,
        "answers_below_zero": sum(score < 0 for score in scores),
        "median_score": median(scores),
        "with_license_field": sum("license" in post.meta for post in posts),
        "dates": [min(p.meta["date"] for p in posts)[:10], max(p.meta["date"] for p in posts)[:10]],
    }


def main() -> None:
    """Read all three, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--commit", default="")
    options = parser.parse_args()
    start = time.process_time()
    (wiki,) = (options.folder / "wiki").glob("*.bz2")
    results = {
        "web": web(options.folder / "warc"),
        "encyclopedia": encyclopedia(wiki),
        "forum": forum(options.folder / "stackexchange" / "Posts.xml"),
    }
    about = {
        "command": "python code/benchmarks/sources.py FOLDER",
        "machine": f"one busy core of an AMD EPYC ({platform.machine()}, Debian 12), "
        f"Python {platform.python_version()}",
        "commit": options.commit,
        "date": datetime.now(UTC).date().isoformat(),
        "cpu_seconds": round(time.process_time() - start, 1),
        "results": results,
    }
    json.dump(about, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
