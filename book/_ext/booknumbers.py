"""Numbers of the final plan: a chapter is numbered by its file's name, a part by its place.

Only finished chapters are in _toc.yml, so counting them would number chapter 4 as 2. After Sphinx
has counted, the first number of every section of `chapters/04-....ipynb` is replaced by 4; figures,
tables, equations, listings and exercises take theirs from there. In LaTeX the counters are set.
"""

import re
from collections.abc import Callable

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles as Collector

CHAPTER = re.compile(r"chapters/(\d\d)-")
ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


def chapter_number(docname: str) -> int | None:
    """Return the number in a chapter's file name; None for any other page."""
    match = CHAPTER.match(docname)
    return int(match.group(1)) if match else None


def renumber(env: BuildEnvironment) -> None:
    """Give every section of a chapter the number of the chapter's file."""
    for docname, numbers in env.toc_secnumbers.items():
        chapter = chapter_number(docname)
        if chapter is None:
            continue
        for anchor, number in numbers.items():
            numbers[anchor] = (chapter, *number[1:]) if number else number
        for reference in env.tocs[docname].findall(nodes.reference):
            if reference.get("secnumber"):
                reference["secnumber"] = [chapter, *reference["secnumber"][1:]]
        for titles in (env.titles, env.longtitles):
            if titles[docname].get("secnumber"):
                titles[docname]["secnumber"] = [chapter]


def patch(app: Sphinx) -> None:
    """Let Sphinx count first, then put the numbers of the plan in place."""
    count: Callable[..., list[str]] = Collector.assign_section_numbers
    if getattr(count, "of_the_plan", False):
        return

    def count_and_renumber(self: Collector, env: BuildEnvironment) -> list[str]:
        changed = count(self, env)
        renumber(env)
        return changed

    count_and_renumber.of_the_plan = True
    Collector.assign_section_numbers = count_and_renumber


class NumberParts(SphinxTransform):
    """Write `Part III: Pre-training` where _toc.yml says `Pre-training`, and keep it for LaTeX."""

    default_priority = 500

    def apply(self, **kwargs: object) -> None:
        """Change the captions of the tables of contents on the root page."""
        parts = list(self.config.book_parts)
        for wrapper in self.document.findall(nodes.compound):
            if "toctree-wrapper" not in wrapper["classes"]:
                continue
            for toc in wrapper.findall(addnodes.toctree):
                caption = toc.get("caption")
                number = parts.index(caption) + 1 if caption in parts else None
                wrapper["book_part"] = (caption, number)  # LaTeX throws the inner node away
                if number:
                    toc["caption"] = f"Part {ROMAN[number]}: {caption}"


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_config_value("book_parts", [], "env")
    app.add_transform(NumberParts)
    app.connect("builder-inited", patch)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
