r"""The LaTeX side of the book.

* each part of _toc.yml becomes front matter, a numbered \part, or back matter, and a chapter gets
  the number of its file;
* cells tagged hide-input, hide-output, hide-cell or no-pdf leave that much out of the PDF;
* pages in `bookpdf_drop` lose their headings: Sphinx writes those of bibliography and index itself;
* exercises, solutions, theorems and algorithms get frames of their own;
* emoji sequences and right-to-left words are set as one run.

It takes the place of sphinx-jupyterbook-latex, which insists on XeLaTeX: that engine cannot show
emoji in color.
"""

import re
from collections.abc import Callable
from pathlib import Path

from booknumbers import chapter_number
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.texescape import escape
from sphinx.writers.latex import LaTeXTranslator

FRAMES = {  # what a node is drawn as: admonition types that the text itself never uses
    "exercise_node": "hint",
    "exercise_enumerable_node": "hint",
    "solution_node": "caution",
    "algorithm_node": "danger",
}
BOXES = ("chapter", "takeaway", "recorded")  # classes of admonitions with a look of their own


def raw(tex: str) -> nodes.raw:
    """Return LaTeX that goes into the document as it is."""
    return nodes.raw("", tex, format="latex")


class ForLatex(SphinxPostTransform):
    """A change to the document that only the PDF sees."""

    formats = ("latex",)


class HideCells(ForLatex):
    """Leave out what is folded on the web: print has nothing to click on."""

    default_priority = 400

    def run(self, **kwargs: object) -> None:
        """Remove cells, inputs or outputs by the tags of their cells."""
        for cell in list(self.document.findall(nodes.container)):
            classes = cell.get("classes", [])
            if "tag_hide-cell" in classes or "tag_no-pdf" in classes:
                cell.parent.remove(cell)
                continue
            for tag, part in (("hide-input", "cell_input"), ("hide-output", "cell_output")):
                if f"tag_{tag}" in classes:
                    for inner in list(cell.findall(nodes.container)):
                        if part in inner.get("classes", []):
                            inner.parent.remove(inner)


class RootText(ForLatex):
    """Drop the text of the root page: the PDF has title pages instead."""

    default_priority = 699

    def run(self, **kwargs: object) -> None:
        """Keep the title and the tables of contents, from which the book hangs."""
        for section in list(self.document.findall(nodes.section))[:1]:
            for child in list(section.children):
                holds_toc = isinstance(child, nodes.compound) and "book_part" in child
                if not holds_toc and not isinstance(child, nodes.title):
                    section.remove(child)


class Parts(ForLatex):
    """Begin front matter, parts, chapters and back matter."""

    default_priority = 700

    def run(self, **kwargs: object) -> None:
        """Put the commands of bookstyle.sty in their places."""
        main = False
        for wrapper in self.document.findall(nodes.compound):
            if "book_part" not in wrapper:
                continue
            caption, number = wrapper["book_part"]
            if number:
                start = "" if main else "\\bookmainmatter\n"
                title = escape(caption, self.config.latex_engine)
                wrapper.insert(0, raw(f"{start}\\bookpart{{{number}}}{{{title}}}\n"))
                main = True
            else:
                wrapper.insert(0, raw("\\bookbackmatter\n" if main else "\\bookfrontmatter\n"))
        for start_of_file in self.document.findall(addnodes.start_of_file):
            chapter = chapter_number(start_of_file["docname"])
            if chapter is not None:
                start_of_file.insert(0, raw(f"\\setcounter{{chapter}}{{{chapter - 1}}}\n"))


class DropHeadings(ForLatex):
    """Take the headings off pages that exist for the web's navigation."""

    default_priority = 701

    def run(self, **kwargs: object) -> None:
        """Replace the section of such a page by its content and a label."""
        for page in list(self.document.findall(addnodes.start_of_file)):
            if page["docname"] not in self.config.bookpdf_drop:
                continue
            for section in list(page.findall(nodes.section)):
                tex = f"\\phantomsection\\label{{\\detokenize{{{page['docname']}::doc}}}}"
                content = [
                    child for child in section.children if not isinstance(child, nodes.title)
                ]
                place = section.parent.index(section)
                section.parent[place : place + 1] = [raw(tex), *content]


class Proofs(ForLatex):
    """Set a proof as running text between its opening word and a square."""

    default_priority = 702

    def run(self, **kwargs: object) -> None:
        """Unwrap the nodes of sphinx-proof."""
        for proof in list(self.document.findall(nodes.Element)):
            if type(proof).__name__ != "proof_node":
                continue
            body = list(proof.children[0].children) if proof.children else []
            if body and isinstance(body[0], nodes.paragraph):
                first = body[0].children[0]
                if isinstance(first, nodes.Text) and first.startswith("Proof. "):
                    body[0].replace(first, nodes.Text(first[len("Proof. ") :]))
                body[0].insert(0, raw("\\bookproofstart{}"))
            if body and isinstance(body[-1], nodes.paragraph):
                body[-1].append(raw("\\bookproofend{}"))
            place = proof.parent.index(proof)
            proof.parent[place : place + 1] = body


class ShortCaptions(ForLatex):
    """Give the list of figures the first sentence of a caption; the rest says what to see."""

    default_priority = 703

    def run(self, **kwargs: object) -> None:
        """Keep that sentence, as LaTeX, with the caption."""
        for caption in self.document.findall(nodes.caption):
            if not isinstance(caption.parent, nodes.figure):
                continue
            short: list[nodes.Node] = []
            for child in caption.children:
                if isinstance(child, nodes.Text) and (end := re.search(r"[.!?:](\s|$)", child)):
                    short.append(nodes.Text(child[: end.start()]))
                    break
                if not isinstance(child, nodes.footnote_reference | nodes.raw):
                    short.append(child.deepcopy())
            caption["book_short"] = short


Visitor = Callable[[LaTeXTranslator, nodes.Element], None]


def set_frames(app: Sphinx) -> None:
    """Let exercises, solutions and theorems open a frame of their own instead of a note's."""
    if app.builder.name != "latex":
        return
    handlers = app.registry.translation_handlers.get("latex", {})
    for name, (visit, depart) in list(handlers.items()):
        kind = FRAMES.get(name)
        if kind is None and getattr(visit, "__module__", "").startswith("sphinx_proof"):
            kind = "attention"
        if kind is not None and name != "proof_node":
            handlers[name] = (visit, framed(depart, kind))


def framed(depart: Visitor, kind: str) -> Visitor:
    """Return what ends a node, and gives the frame it had opened as a note another kind."""

    def new_depart(self: LaTeXTranslator, node: nodes.Element) -> None:
        depart(self, node)
        for place in range(len(self.body) - 1, -1, -1):
            if self.body[place].endswith("\\begin{sphinxadmonition}{note}"):
                self.body[place] = self.body[place].replace("{note}", f"{{{kind}}}")
                break

    return new_depart


def visit_admonition(self: LaTeXTranslator, node: nodes.Element) -> None:
    """Open the box of an admonition, in the colors of its class if it has one of ours."""
    kinds = [name for name in BOXES if name in node.get("classes", [])]
    self.body.append("\n\\begingroup" + "".join(f"\\book{name}box" for name in kinds))
    LaTeXTranslator.visit_admonition(self, node)


def depart_admonition(self: LaTeXTranslator, node: nodes.Element) -> None:
    """Close the box of an admonition."""
    LaTeXTranslator.depart_admonition(self, node)
    self.body.append("\\endgroup\n")


def visit_caption(self: LaTeXTranslator, node: nodes.Element) -> None:
    """Open a caption; a figure's has a short form for the list of figures."""
    before = len(self.body)
    LaTeXTranslator.visit_caption(self, node)
    if "book_short" not in node:
        return
    body, self.body = self.body, []
    for part in node["book_short"]:
        part.walkabout(self)
    short, self.body = "".join(self.body), body
    opened = "".join(self.body[before:])
    self.body[before:] = [opened.replace("\\caption{", f"\\caption[{{{short}}}]{{", 1)]


INCLUDE = re.compile(r"\\sphinxincludegraphics(?:\[[^\]]*\])?\{\{[^}]*\}[^}]*\}")


def visit_image(self: LaTeXTranslator, node: nodes.Element) -> None:
    """Place a picture, with its description for those who cannot see it."""
    before = len(self.body)
    LaTeXTranslator.visit_image(self, node)
    alt = " ".join(node.get("alt", "").split())
    if alt:
        begin = f"\\bookalt{{{alt.encode('utf-16-be').hex().upper()}}}{{"
        placed = "".join(self.body[before:])
        self.body[before:] = [INCLUDE.sub(lambda match: begin + match.group() + "}", placed)]


# Emoji are set in one font, in one run: fallback works character by character, and would tear
# a family apart. They carry their text, because a colored glyph is a picture to a PDF reader.
BASE = (
    "[\u231a\u231b\u23e9-\u23f3\u2614\u2615\u26a1\u2705\u2728\u274c\u2753-\u2757"
    "\u2764\u2b50\u2b55\U0001f000-\U0001faff]"
)
ONE = f"{BASE}[\ufe0f\U0001f3fb-\U0001f3ff]?"
EMOJI = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{ONE}(?:\u200d(?:{ONE}|[\u2640\u2642]\ufe0f?))*"
)
RTL = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+"
RTL_RUN = re.compile(f"{RTL}(?: {RTL})*")


def emoji(match: re.Match[str]) -> str:
    """Return the command that sets one emoji and its text in UTF-16."""
    text = match.group()
    return f"\\bookemoji{{{text.encode('utf-16-be').hex().upper()}}}{{{text}}}"


def shape_runs(app: Sphinx, error: Exception | None) -> None:
    r"""Wrap emoji and right-to-left words; \ { } stay commands even in Sphinx's verbatim."""
    if error or app.builder.name != "latex":
        return
    for entry in app.config.latex_documents:
        path = Path(app.outdir, entry[1])
        head, sep, body = path.read_text("utf8").partition("\\begin{document}")
        body = EMOJI.sub(emoji, body)
        body = body.replace("\ufffd", "\\bookreplacement{}")  # LuaTeX takes the sign for an error
        body = RTL_RUN.sub(lambda match: f"\\bookrtl{{{match.group()}}}", body)
        path.write_text(head + sep + body, "utf8")


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_config_value("bookpdf_drop", ["book/bibliography", "genindex"], "env")
    for transform in (HideCells, RootText, Parts, DropHeadings, Proofs, ShortCaptions):
        app.add_post_transform(transform)
    app.add_node(nodes.admonition, override=True, latex=(visit_admonition, depart_admonition))
    app.add_node(
        nodes.caption, override=True, latex=(visit_caption, LaTeXTranslator.depart_caption)
    )
    app.add_node(nodes.image, override=True, latex=(visit_image, LaTeXTranslator.depart_image))
    app.connect("builder-inited", set_frames)
    app.connect("build-finished", shape_runs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
