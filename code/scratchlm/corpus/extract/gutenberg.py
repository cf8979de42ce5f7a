"""Books of Project Gutenberg, without the frame that its editors put around them."""

import re

from scratchlm.errors import InputError

FRAME_LINE = r"\*\*\* ?{} OF TH(?:E|IS) PROJECT GUTENBERG EBOOK.*"
START = re.compile(f"^{FRAME_LINE.format('START')}$", re.MULTILINE)
END = re.compile(
    f"^(?:End of (?:the )?Project Gutenberg.*|{FRAME_LINE.format('END')})$", re.MULTILINE
)
CREDIT = re.compile(r"\A\s*(?:Produced by|E-text prepared by)(?:.+\n)+")


def strip_gutenberg(text: str, name: str) -> str:
    r"""Cut a Project Gutenberg book down to the book.

    The header, the license at the end and the line that credits the volunteers go; line ends
    become plain newlines. The text itself is in the public domain in the US, but the name
    "Project Gutenberg" is a trademark and must not stand on an altered copy.

    Args:
        text: the whole file.
        name: what the message calls it.

    Raises:
        InputError: the marks that begin and end the book are not there.

    >>> frame = "*** {} OF THIS PROJECT GUTENBERG EBOOK ALICE ***"
    >>> book = [frame.format("START"), "", "Produced by Eve", "", "Down.", frame.format("END")]
    >>> strip_gutenberg("\r\n".join(book), "alice.txt")
    'Down.\n'
    """
    plain = text.replace("\r\n", "\n")
    start = START.search(plain)
    end = END.search(plain, start.end()) if start else None
    if start is None or end is None:
        missing = "START" if start is None else "END"
        raise InputError(
            f"{name}: expected the lines '*** START OF THIS PROJECT GUTENBERG EBOOK' and "
            f"'*** END OF …', found no {missing}; read the file as plain text instead"
        )
    return CREDIT.sub("", plain[start.end() : end.start()]).strip() + "\n"
