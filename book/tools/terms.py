"""Hold names and prose to the field's words, which book/tools/terms.toml lists.

    python book/tools/terms.py            every wrong word, and how many each file has
    python book/tools/terms.py chapters/04-subword-tokenization.ipynb code/scratchlm/data
    python book/tools/terms.py --count    only how many each file has
    python book/tools/terms.py --failing  leave the words of pending files out

Ends with 1 where a wrong word was found in a file that the list does not call pending.
"""

import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vocabulary import Word, names, texts

ROOT = Path(__file__).parents[2]
LIST = ROOT / "book" / "tools" / "terms.toml"
PACKAGE = "code/scratchlm/"
NAMES = {"module", "class", "function", "parameter", "field", "attribute", "constant", "option"}
PROSE = {"prose", "figure", "docstring"}
FORMULA = {"formula"}


@dataclass(frozen=True)
class Rule:
    """One wrong word.

    Attributes:
        wrong: matches the whole of a name, or a part of a text.
        right: what to write.
        kinds: the kinds of words that it is about.
        within: where it holds, as beginnings of paths; empty is everywhere.
        exceptions: paths, or `path:name`, where the word is right, each with the reason.
    """

    wrong: re.Pattern[str]
    right: str
    kinds: frozenset[str]
    within: tuple[str, ...] = ()
    exceptions: dict[str, str] = field(default_factory=dict)

    def holds(self, word: Word) -> bool:
        """Say whether the rule is about this word."""
        return word.kind in self.kinds and (not self.within or word.path.startswith(self.within))

    def found(self, word: Word) -> Iterator[tuple[int, str]]:
        """Line and text of each wrong word in a name or a stretch of prose."""
        if word.kind not in PROSE | FORMULA:
            if self.wrong.fullmatch(word.text):
                yield word.line, word.text
            return
        for match in self.wrong.finditer(word.text):
            line = word.line + word.text.count("\n", 0, match.start())
            yield line, re.sub(r"\s+", " ", match[0])

    def excuse(self, path: str, wrong: str) -> str | None:
        """The exception under which a word may stand in a file, if there is one."""
        return next((e for e in (path, f"{path}:{wrong.lower()}") if e in self.exceptions), None)


def rules(listed: dict[str, Any]) -> list[Rule]:
    """Read the list: `code` for names, their paths inside the package; `prose`; `formula`."""
    found = []
    for scope, kinds, flags, base in (
        ("code", NAMES, re.NOFLAG, PACKAGE),
        ("prose", PROSE, re.IGNORECASE | re.MULTILINE, ""),
        ("formula", FORMULA, re.NOFLAG, ""),
    ):
        for entry in listed.get(scope, ()):
            rule = Rule(
                wrong=re.compile(entry["wrong"], flags),
                right=entry["right"],
                kinds=frozenset(entry.get("kinds", kinds)),
                within=tuple(base + path for path in entry.get("within", ())),
                exceptions={base + path: why for path, why in entry.get("except", {}).items()},
            )
            found.append(rule)
    return found


def words(root: Path) -> Iterator[Word]:
    """Every word that the list is about: the package's, the benchmarks' and the book's."""
    for path in sorted((root / "code").rglob("*.py")):
        if "build" not in path.relative_to(root).parts:
            yield from names(path, root)
    pages = ["chapters/*.ipynb", "book/solutions/*.ipynb", "book/*.md", "README.md"]
    for path in (path for pattern in pages for path in sorted(root.glob(pattern))):
        yield from texts(path, root)


def wrong_words(found: Sequence[Word], listed: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """For each wrong word its file, and a line that says where it is and what to write."""
    for rule in listed:
        used = set()
        for word in filter(rule.holds, found):
            for line, wrong in rule.found(word):
                if excuse := rule.excuse(word.path, wrong):
                    used.add(excuse)
                    continue
                where = f"{word.path}:{line}: {word.kind}"
                yield word.path, f"{where} {wrong!r}: write {rule.right}"
        for excuse in sorted(rule.exceptions.keys() - used):
            path = LIST.relative_to(ROOT).as_posix()
            yield path, f"{path}: nothing needs the exception {excuse!r} of {rule.right!r}"


def duplicates(found: Sequence[Word], excused: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Public functions and classes of the package that two modules define at their top level."""
    places = defaultdict(list)
    for word in found:
        if word.kind == "definition" and word.path.startswith(PACKAGE):
            places[word.text].append(word)
    for name, twice in sorted(places.items()):
        if len({word.path for word in twice}) > 1 and name not in excused:
            where = ", ".join(word.path.removeprefix(PACKAGE) for word in twice)
            yield twice[0].path, f"{name} is defined in {where}: one name, one thing"


def main(arguments: list[str]) -> int:
    """Print what is wrong, and how much of it stands in which file."""
    listed = tomllib.loads(LIST.read_text("utf-8"))
    chosen = tuple(argument for argument in arguments if not argument.startswith("-"))
    found = list(words(ROOT))
    wrong = [*wrong_words(found, rules(listed)), *duplicates(found, listed["duplicates"])]
    wrong = [(path, line) for path, line in wrong if not chosen or path.startswith(chosen)]
    counts, pending = Counter(path for path, _ in wrong), set(listed["pending"])
    if "--failing" in arguments:
        wrong = [(path, line) for path, line in wrong if path not in pending]
    if "--count" not in arguments:
        print("".join(f"{line}\n" for _, line in wrong), end="")
    for path, count in sorted(counts.items()):
        print(f"{count:5} {path}{' (pending)' if path in pending else ''}")
    print(f"{counts.total():5} wrong words; the list is {LIST.relative_to(ROOT)}")
    for path in sorted(set() if chosen else pending - set(counts)):
        print(f"{path} is clean: it need not be called pending")
    return bool(set(counts) - pending)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
