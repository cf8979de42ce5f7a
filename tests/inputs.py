"""Archives as other crawlers write them, and what is read of a file."""

from scratchlm.corpus import ErrorPolicy, read

SENTENCE = "The boat left the harbor before dawn and waited for the tide."
PAGE = f"<html><body><main><p>{SENTENCE}</p></main></body></html>".encode()


def texts_of(path, **options):
    """The texts of a file, and what was left out."""
    policy = ErrorPolicy("skip")
    return [page.text for page in read(path, on_error=policy, **options)], dict(policy.counts)


def warc(*bodies, headers=("Content-Type: text/html",), end="\r\n", version="1.0", http_end="\r\n"):
    """A file of one response for each body."""
    records = b""
    for number, body in enumerate(bodies):
        http = http_end.join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body
        head = end.join(
            [
                f"WARC/{version}",
                "WARC-Type: response",
                f"WARC-Target-URI: http://a.example/{number}",
                f"WARC-Record-ID: <urn:x:{number}>",
                "Content-Type: application/http",
                f"Content-Length: {len(http)}",
                "",
                "",
            ]
        )
        records += head.encode() + http + (end * 2).encode()
    return records
