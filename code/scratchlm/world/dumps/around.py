"""What an encyclopedia holds beside its articles: redirects, talk pages, categories, templates."""

import random

from scratchlm.world.dumps.article import Article
from scratchlm.world.dumps.mediawiki import FIRST_EDIT
from scratchlm.world.dumps.phrases import say
from scratchlm.world.village import village

TEMPLATES = ("Infobox entry", "Infobox tale", "Larkwell topics", "R from alternative name")


def redirect(article: Article) -> Article:
    """A page whose only use is to lead to another one.

    >>> redirect(Article("Mill", "place", "", ())).wikitext.splitlines()[0]
    '#REDIRECT [[Mill]]'
    """
    text = f"#REDIRECT [[{article.title}]]\n\n{{{{R from alternative name}}}}"
    title = f"{article.title} (Larkwell)"
    return Article(title, "redirect", text, (), target=article.title)


def talk(article: Article, rng: random.Random) -> Article:
    """A discussion of an article: signed remarks, each indented below the one before.

    >>> talk(Article("Mill", "place", "", ()), random.Random(0)).title
    'Mill'
    """
    lines = [f"== About [[{article.title}]] =="]
    for depth in range(rng.randint(1, 4)):
        name = rng.choice(village().people).name
        when = FIRST_EDIT.replace(year=rng.randint(2005, 2023), month=rng.randint(1, 12))
        signature = (
            f"[[User:{name}|{name}]] ([[User talk:{name}|talk]]) {when:%H:%M, %d %B %Y} (UTC)"
        )
        lines.append(":" * depth + f"{say('wiki', 'talk', rng)} {signature}")
    return Article(article.title, "talk", "\n".join(lines), ())


def category(name: str) -> Article:
    r"""The page of a category.

    >>> category("Tales").wikitext
    'Pages on tales.\n\n[[Category:Contents]]'
    """
    text = f"Pages on {name.lower()}.\n\n[[Category:Contents]]"
    return Article(name, "category", text, ())


def template(name: str) -> Article:
    """The page of a template: parameters with defaults, a parser function, documentation.

    >>> "{{{name|}}}" in template("Infobox tale").wikitext
    True
    """
    text = (
        "<includeonly>{{#if:{{{name|}}}|'''{{{name|}}}'''|{{PAGENAME}}}}</includeonly>"
        f"<noinclude>This is the template ''{name}''. {{{{documentation}}}}</noinclude>"
    )
    return Article(name, "template", text, ())
