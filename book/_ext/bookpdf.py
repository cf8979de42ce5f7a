"""LaTeX side of the book (used instead of sphinx-jupyterbook-latex, which forces XeLaTeX).

* each part of _toc.yml becomes front matter, a numbered \\part, or back matter;
* hide-input / hide-output / hide-cell (and no-pdf) cells are left out of the PDF;
* the headings of bibliography.md and genindex.md are left out: Sphinx writes its own;
* exercises, solutions, theorems and algorithms get frames of their own;
* emoji sequences and right-to-left words are shaped as one run.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.builders.latex import LaTeXBuilder
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.texescape import escape

FRAMES = {  # docutils node -> a Sphinx admonition type that the text itself never uses
    "exercise_node": "hint",
    "exercise_enumerable_node": "hint",
    "solution_node": "caution",
    "algorithm_node": "danger",
}


def raw(text):
    return nodes.raw("", text, format="latex")


class KeepToctreeOptions(SphinxTransform):
    """Copy caption and numbering to the wrapper: LaTeX throws the toctree node away."""

    default_priority = 500

    def apply(self, **kwargs):
        for wrapper in self.document.findall(nodes.compound):
            if "toctree-wrapper" in wrapper["classes"]:
                for toc in wrapper.findall(addnodes.toctree):
                    wrapper["bookpdf"] = (toc.get("caption"), bool(toc.get("numbered")))


class Parts(SphinxPostTransform):
    default_priority = 700
    formats = ("latex",)

    def run(self, **kwargs):
        if not isinstance(self.app.builder, LaTeXBuilder):
            return
        seen_main = False
        for wrapper in self.document.findall(nodes.compound):
            if "bookpdf" not in wrapper:
                continue
            caption, numbered = wrapper["bookpdf"]
            if numbered:
                start = "" if seen_main else "\\bookmainmatter\n"
                seen_main = True
                tex = f"{start}\\bookpart{{{escape(caption, self.config.latex_engine)}}}\n"
            else:
                tex = "\\bookbackmatter\n" if seen_main else "\\bookfrontmatter\n"
            wrapper.insert(0, raw(tex))


class RootText(SphinxPostTransform):
    """The text of the root page is for the web; the PDF has title pages instead."""

    default_priority = 699
    formats = ("latex",)

    def run(self, **kwargs):
        if self.document.get("docname", self.config.master_doc) != self.config.master_doc:
            return
        for section in self.document.findall(nodes.section):
            for child in list(section.children):
                wrapper = isinstance(child, nodes.compound) and "bookpdf" in child
                if not wrapper and not isinstance(child, nodes.title):
                    section.remove(child)
            break


class Proofs(SphinxPostTransform):
    default_priority = 702
    formats = ("latex",)

    def run(self, **kwargs):
        for proof in list(self.document.findall(nodes.Element)):
            if type(proof).__name__ != "proof_node":
                continue
            body = list(proof.children[0].children) if proof.children else []
            if body and isinstance(body[0], nodes.paragraph):
                first = body[0].children[0]
                if isinstance(first, nodes.Text) and first.startswith("Proof. "):
                    body[0].replace(first, nodes.Text(first[7:]))
                body[0].insert(0, raw("\\bookproofstart{}"))
            if body and isinstance(body[-1], nodes.paragraph):
                body[-1].append(raw("\\bookproofend{}"))
            proof.parent[(i := proof.parent.index(proof)) : i + 1] = body


class HideCells(SphinxPostTransform):
    default_priority = 400
    formats = ("latex",)

    def run(self, **kwargs):
        for cell in list(self.document.findall(nodes.container)):
            classes = cell.get("classes", [])
            if "tag_hide-cell" in classes or "tag_no-pdf" in classes:
                cell.parent.remove(cell)
                continue
            for tag, part in (("hide-input", "cell_input"), ("hide-output", "cell_output")):
                if f"tag_{tag}" in classes:
                    for sub in list(cell.findall(nodes.container)):
                        if part in sub.get("classes", []) and sub.parent is not None:
                            sub.parent.remove(sub)


class DropHeadings(SphinxPostTransform):
    """bibliography.md and genindex.md only exist for HTML navigation."""

    default_priority = 701
    formats = ("latex",)

    def run(self, **kwargs):
        for start in list(self.document.findall(addnodes.start_of_file)):
            if start["docname"] in self.config.bookpdf_drop:
                for title in list(start.findall(nodes.title)):
                    if isinstance(title.parent, nodes.section):
                        section = title.parent
                        section.remove(title)
                        where = section.parent.index(section)
                        label = "\\phantomsection\\label{\\detokenize{%s::doc}}" % start["docname"]
                        section.parent[where : where + 1] = [raw(label), *section.children]


def wrap_handlers(app):
    if not isinstance(app.builder, LaTeXBuilder):
        return
    handlers = app.registry.translation_handlers.get("latex", {})
    for name, (visit, depart) in list(handlers.items()):
        kind = FRAMES.get(name)
        if kind is None and getattr(visit, "__module__", "").startswith("sphinx_proof"):
            kind = "attention"
        if kind is None or name == "proof_node":
            continue

        def new_depart(self, node, _depart=depart, _kind=kind):
            _depart(self, node)
            for i in range(len(self.body) - 1, -1, -1):
                if self.body[i].endswith("\\begin{sphinxadmonition}{note}"):
                    self.body[i] = self.body[i].replace("{note}", "{%s}" % _kind)
                    break

        handlers[name] = (visit, new_depart)


# Emoji are one font, one run (fallback works per character, so ZWJ sequences would fall
# apart), and carry their text, because the colour glyphs are pictures to a PDF reader.
BASE = (
    "[\u231a\u231b\u23e9-\u23f3\u2614\u2615\u26a1\u2705\u2728\u274c\u2753-\u2757\u2764\u2b50\u2b55"
    "\U0001f000-\U0001faff]"
)
ONE = f"{BASE}[\ufe0f\U0001f3fb-\U0001f3ff]?"
EMOJI = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{ONE}(?:\u200d{ONE})*")
RTL = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+"
RTL_RUN = re.compile(f"{RTL}(?: {RTL})*")


def emoji(match):
    text = match.group()
    return "\\bookemoji{%s}{%s}" % (text.encode("utf-16-be").hex().upper(), text)


def shape_runs(app, exc):
    """Both macros also work inside sphinxVerbatim, where \\ { } stay commands."""
    if exc or not isinstance(app.builder, LaTeXBuilder):
        return
    for entry in app.config.latex_documents:
        path = Path(app.outdir, entry[1])
        head, sep, body = path.read_text("utf8").partition("\\begin{document}")
        body = EMOJI.sub(emoji, body)
        body = RTL_RUN.sub(lambda m: "\\bookrtl{%s}" % m.group(), body)
        path.write_text(head + sep + body, "utf8")


def setup(app):
    app.add_config_value("bookpdf_drop", ["book/bibliography", "book/genindex"], "env")
    app.add_transform(KeepToctreeOptions)
    app.add_post_transform(Parts)
    app.add_post_transform(RootText)
    app.add_post_transform(Proofs)
    app.add_post_transform(HideCells)
    app.add_post_transform(DropHeadings)
    app.connect("builder-inited", wrap_handlers)
    app.connect("build-finished", shape_runs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
