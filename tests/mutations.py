"""Damaged files: what reads them gives one line that names the file, or the same result.

``MUTATIONS=2000 pytest -s -k damage tests`` tries more of each kind than the usual few, and counts.
"""

import json
import os
import resource
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from scratchlm.errors import LONGEST, InputError

COUNT = int(os.environ.get("MUTATIONS", "20"))
SECONDS = 60  # for one file
MEMORY = 8 << 30  # bytes that one file may ask for
QUOTED = 100  # characters of a file that a message may repeat

DEEP: Any = 1
for _ in range(60):
    DEEP = [DEEP]
VALUES = [
    *(None, True, False, -1, 0, 1, 2, 7, 10**6, 10**9, 2**63, 10**30),
    *(2.0, 0.5, -0.5, 1e-320, 1e30, float("nan"), float("inf"), float("-inf")),
    *("", "x", "../x", "x" * 5000, "\x00", "\ud800", "line\nline", "1"),
    *([], [[2]], [1, 2, 3], {}, {"a": 1}, DEEP),
]


def check_damage(path: Path, use: Callable[[Path], object], *, sealed: bool) -> None:
    """Damage a file many times, and look at what its reader makes of it.

    Args:
        path: The file; it is put back in the end.
        use: Reads it, and returns something that can be compared.
        sealed: Whether a hash covers the file, so that nothing may come out that is different.
    """
    whole, right = path.read_bytes(), use(path)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(COUNT):
        content = damaged(whole, f"{path.name} {number}")
        path.write_bytes(content)
        found = outcome(path, content, use, right)
        counts[found if found in ("refused", "same", "other") else "wrong"] += 1
        if found not in ("refused", "same") and (sealed or found != "other"):
            wrong.append(f"{number}: {found}")
    path.write_bytes(whole)
    print(f"{path.name:32}", ", ".join(f"{n:,} {what}" for what, n in sorted(counts.items())))
    assert not wrong, "\n".join([f"{len(wrong)} of {COUNT}", *wrong[:8]])


def outcome(path: Path, content: bytes, use: Callable[[Path], object], right: object) -> str:
    """What becomes of a damaged file: refused, same, other, or what is wrong."""
    signal.signal(signal.SIGALRM, too_slow)
    signal.alarm(SECONDS)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, limits[1]))
    try:
        return "same" if use(path) == right else "other"
    except InputError as error:
        return flaw(str(error), path, content) or "refused"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def too_slow(number: int, frame: object) -> None:
    """End what takes too long."""
    raise TimeoutError(f"more than {SECONDS} seconds")


def flaw(message: str, path: Path, content: bytes) -> str:
    """What is wrong with a message, if anything."""
    if len(message.splitlines()) != 1 or len(message) > LONGEST + 3:
        return f"not one short line: {message}"
    if path.parent.name not in message:
        return f"does not name the file: {message}"
    text = " ".join(content.decode("utf-8", "replace").split())
    long = (message[at : at + QUOTED] for at in range(len(message) - QUOTED))
    return next((f"quotes the file: {part}" for part in long if part in text), "")


def damaged(content: bytes, seed: str) -> bytes:
    """Return the content with some damage, which the seed decides.

    Args:
        content: A whole file. Where it is JSON, or begins with JSON as shards and safetensors
            files do, half of all damage is done to its values.
        seed: Any text.
    """
    random = Random(seed)
    span = json_span(content)
    if span is not None and random.random() < 0.5:
        return with_other_json(content, span, random)
    return random.choice(WAYS)(content, random)


def flip(content: bytes, random: Random) -> bytes:
    """Change one to three bits."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 3)):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def overwrite(content: bytes, random: Random) -> bytes:
    """Put other bytes in the place of a few."""
    at, size = random.randrange(len(content)), random.choice((1, 1, 2, 8, 64))
    return content[:at] + random.randbytes(size) + content[at + size :]


def cut(content: bytes, random: Random) -> bytes:
    """Leave the end away."""
    return content[: random.randrange(len(content))]


def remove(content: bytes, random: Random) -> bytes:
    """Leave a part in the middle away."""
    at, size = random.randrange(len(content)), random.choice((1, 2, 7, 100))
    return content[:at] + content[at + size :]


def insert(content: bytes, random: Random) -> bytes:
    """Put in bytes of anywhere, or a part of the content a second time."""
    at, other = random.randrange(len(content) + 1), random.randrange(len(content))
    size = random.choice((1, 2, 8, 100))
    new = random.choice((random.randbytes(size), content[other : other + size]))
    return content[:at] + new + content[at:]


WAYS: list[Callable[[bytes, Random], bytes]] = [flip, flip, overwrite, cut, remove, insert]


def json_span(content: bytes) -> tuple[int, int] | None:
    """Where the JSON of a file lies: all of it, a shard's first line, a safetensors header."""
    length = int.from_bytes(content[:8], "little")
    for start, end in ((0, len(content)), (0, 512), (8, 8 + length)):
        try:
            if end <= len(content) and isinstance(json.loads(content[start:end]), dict):
                return start, end
        except ValueError:
            continue
    return None


def with_other_json(content: bytes, span: tuple[int, int], random: Random) -> bytes:
    """Exchange a value of the JSON, take it away, or add one."""
    start, end = span
    text = json.dumps(exchanged(json.loads(content[start:end]), random)).encode()
    if start:  # a safetensors file tells the length of its header
        return len(text).to_bytes(8, "little") + text + content[end:]
    return text.ljust(end - start) + content[end:] if content[end:] else text


def exchanged(content: Any, random: Random) -> Any:
    """The content with one value changed."""
    places = [(content, name) for name in content]
    for inside, name in places:  # it grows while it is walked through
        value = inside[name]
        if isinstance(value, dict):
            places += [(value, other) for other in value]
        elif isinstance(value, list):
            places += [(value, other) for other in range(len(value))]
    if not places:
        return {"new": random.choice(VALUES)}
    inside, name = random.choice(places)
    value = inside[name]
    way = random.randrange(8)
    if way == 0:
        del inside[name]
    elif way == 1 and isinstance(inside, dict):
        inside[random.choice(("new", name + "s"))] = inside.pop(name)
    elif way == 2:
        other, its_name = random.choice(places)
        inside[name] = json.loads(json.dumps(other[its_name]))
    elif way == 3:
        inside[name] = random.choice(([value], {"a": value}, str(value)))
    elif way == 4 and isinstance(value, int | float) and not isinstance(value, bool):
        inside[name] = random.choice((value + 1, -value, value * 2, value / 3, value * 10**6))
    else:
        inside[name] = random.choice(VALUES)
    return content
