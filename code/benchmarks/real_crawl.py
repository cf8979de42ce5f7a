"""Clean a crawl of real pages with the pipeline that cleans the village's, and count verdicts.

    python code/benchmarks/real_crawl.py FILE [FILE ...] --out book/recorded/03-real-crawl.json

Writes JSON: what each step keeps and why it drops, and which rule dropped pages of which site. No
text of a page is written. English is told from German, French and Spanish by what the village's
labeled crawl taught.
"""

import argparse
import json
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from about import about
from scratchlm.corpus import (
    C4,
    Dropped,
    ExactDedup,
    GopherQuality,
    GopherRepetition,
    Language,
    LineDedup,
    MaskPII,
    MinHashDedup,
    Pipeline,
    Step,
    read,
    stats_table,
    train_language,
)
from scratchlm.world.dumps import CrawlConfig, Extent, write_crawl


def language() -> Language:
    """The step that knows the village's four languages."""
    with tempfile.TemporaryDirectory() as name:
        warc, _, labels = write_crawl(Path(name), CrawlConfig(seed=99), Extent(items=400))
        lines = labels.read_text(encoding="utf-8").splitlines()
        examples = [
            (page.text, str(json.loads(line)["language"]))
            for page, line in zip(read(warc), lines, strict=True)
        ]
    return Language(train_language(examples))


def main() -> None:
    """Clean, judge page by page, and write the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    start = time.process_time()
    steps: tuple[Step, ...] = (language(), GopherQuality(), GopherRepetition(), C4())
    rest = (ExactDedup(), MinHashDedup(), LineDedup(), MaskPII())
    with tempfile.TemporaryDirectory() as name:
        manifest = Pipeline((*steps, *rest)).run(options.files, Path(name) / "clean")
    print(stats_table(manifest.stats))
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    for page in (page for file in options.files for page in read(file)):
        site = urlsplit(page.meta.get("url", "")).hostname or page.source
        answer = next((v for v in (step(page) for step in steps) if isinstance(v, Dropped)), None)
        verdicts[site][answer.rule if answer else "kept"] += 1
    record = {
        **about("python code/benchmarks/real_crawl.py " + " ".join(f.name for f in options.files)),
        "cpu_seconds": round(time.process_time() - start, 1),
        "stats": [asdict(counts) for counts in manifest.stats],
        "sites": {site: dict(counts) for site, counts in sorted(verdicts.items())},
    }
    options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
