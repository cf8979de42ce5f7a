"""The village in the formats that the field trains on, with labels that say what is true.

* `write_crawl`: web pages as WARC and WET, with everything that must be filtered out.
* `write_encyclopedia`: a MediaWiki export in wikitext.
* `write_forum`: the ``Posts.xml`` of a Stack Exchange site.

A reader of real dumps reads these, too; the labels stand in ``labels/``, a line for each item.
"""

from scratchlm.world.dumps.crawl import page, write_crawl
from scratchlm.world.dumps.encyclopedia import EncyclopediaConfig, write_encyclopedia
from scratchlm.world.dumps.forum import write_forum
from scratchlm.world.dumps.mixture import CrawlConfig, Shares
from scratchlm.world.dumps.output import Extent
from scratchlm.world.dumps.thread import ForumConfig

__all__ = [
    "CrawlConfig",
    "EncyclopediaConfig",
    "Extent",
    "ForumConfig",
    "Shares",
    "page",
    "write_crawl",
    "write_encyclopedia",
    "write_forum",
]
