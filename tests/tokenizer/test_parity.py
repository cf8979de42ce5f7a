"""Encoding equals tiktoken's for the same merges: our own, GPT-2's and GPT-4's."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.tokenizer import END_OF_TEXT, GPT2_PATTERN, GPT4_PATTERN, Tokenizer, train_bpe
from scratchlm.tokenizer.encoder import heap_merge, scan
from scratchlm.tokenizer.ties import BYTE_ORDER

tiktoken = pytest.importorskip("tiktoken")
openai_public = pytest.importorskip("tiktoken_ext.openai_public")

HARD = {
    "empty": "",
    "family": "👨\u200d👩\u200d👧\u200d👦 and 👩🏽\u200d🚀!",
    "flags": "🇩🇪🇫🇷🇯🇵 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f 🏳️\u200d🌈",
    "keycaps": "1️⃣2️⃣#️⃣",
    "skin tones": "👍👍🏻👍🏿",
    "cjk": "東京都は日本の首都です。 北京市是中国的首都。 서울은 한국의 수도이다.",
    "devanagari": "नमस्ते दुनिया, क्षत्रिय",
    "thai": "สวัสดีชาวโลก",
    "arabic": "السَّلَامُ عَلَيْكُمْ \u200fabc\u200e",
    "combining": "e\u0301 n\u0303 a" + "\u0300\u0301\u0302\u0303" * 25 + " Z̷a̴l̵g̶o̸",
    "spaces": "a  b   c    d" + " " * 301 + "e \t \r\n \n\n  \n x   ",
    "odd spaces": "a\u00a0b\u2003c\u3000d\u2028e\u0085f\u200bg\ufeffh\x1ci\x1fj",
    "newlines": "\n\n\n\ta\n\n  b\r\n\r\nc\r",
    "nul": "a\x00b\x00\x00 \x00",
    "controls": "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "numbers": "3.14159 1,000,000 ½ ² ٣٤ 1234567890123",
    "contractions": "It's I'LL we'Ve don't O'Neil 'sup ''' y'all’s",
    "ends of planes": "\ufffd\ufffe\uffff\U0010ffff\U000e0001",
    "special": f"a {END_OF_TEXT} b <|endof <|endoftext|",
    "code": "def f(x):\n\treturn {**x, 'k': [1][0]}  # ok?\n" * 3,
    "long word": "abcdefghij" * 50 + "é" * 200 + "😊" * 100,
}
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cc"))),
    st.text("ab éL'sS1 \n\t\r\u200d\x00😊，中"),
    st.text(" the and ing'").map(lambda text: text * 9),
)


def same_for_both(pattern, their_pattern):
    """A tokenizer trained on stories, and tiktoken with its merges."""
    ours = train_bpe((s.text for s in world.corpus("train", 300)), 2000, pattern=pattern)
    theirs = tiktoken.Encoding(
        "village",
        pat_str=their_pattern,
        mergeable_ranks={ours.token_bytes(id): id for id in range(ours.vocab_size - 1)},
        special_tokens=dict(ours.specials),
    )
    return ours, theirs


# tiktoken writes GPT-2's pattern in a way that does not overflow its stack at a million spaces.
PAIRS = {
    "GPT-2": same_for_both(GPT2_PATTERN, openai_public.r50k_pat_str),
    "GPT-4": same_for_both(GPT4_PATTERN, GPT4_PATTERN),
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("pattern", PAIRS)
def test_hard_strings(pattern, name):
    ours, theirs = PAIRS[pattern]
    ids = ours.encode(HARD[name])
    assert ids == theirs.encode_ordinary(HARD[name])
    assert ours.decode(ids) == HARD[name]


@given(pattern=st.sampled_from(sorted(PAIRS)), text=TEXTS)
def test_any_text(pattern, text):
    ours, theirs = PAIRS[pattern]
    assert ours.encode(text) == theirs.encode_ordinary(text)


def test_allowed_specials():
    ours, theirs = PAIRS["GPT-2"]
    text = f"{END_OF_TEXT}a{END_OF_TEXT}{END_OF_TEXT} b"
    allowed = {END_OF_TEXT}
    assert ours.encode(text, allowed_special=allowed) == theirs.encode(
        text, allowed_special=allowed
    )


@pytest.mark.parametrize("word", ["a", "ing", "thequickbrownfox", "é", "😊", " "])
def test_a_million_letters(word):
    ours, theirs = PAIRS["GPT-2"]
    text = word * (1_000_000 // len(word))
    start = time.process_time()
    ids = ours.encode(text)
    taken = time.process_time() - start
    assert ids == theirs.encode_ordinary(text)
    assert taken < 30  # a quadratic scan would need a day


def test_a_long_word_takes_nearly_linear_time():
    """Counted in looks at the table of merges, which do not depend on the machine."""
    ours, _ = PAIRS["GPT-2"]

    class Counting(dict):
        looks = 0

        def get(self, pair, default=None):
            self.looks += 1
            return super().get(pair, default)

    def looks(size):
        ranks = Counting({pair: 256 + rank for rank, pair in enumerate(ours.merges)})
        heap_merge(b"thequickbrownfox" * (size // 16), ranks)
        return ranks.looks

    assert looks(20_000) < 5 * 20_000
    assert looks(320_000) < 17 * looks(20_000)  # 16 if linear, 256 if quadratic


def test_stories_encode_alike():
    ours, theirs = PAIRS["GPT-2"]
    for story in world.corpus("valid", 200):
        assert ours.encode(story.text) == theirs.encode_ordinary(story.text)


def visible_bytes():
    """The byte behind each of GPT-2's visible characters."""
    alphabet = sorted(BYTE_ORDER, key=BYTE_ORDER.__getitem__)
    rest = iter(range(0x100, 0x200))
    return {chr(byte if place < 188 else next(rest)): byte for place, byte in enumerate(alphabet)}


def test_gpt2s_vocabulary(real_file):
    visible = visible_bytes()
    ids = {bytes([byte]): byte for byte in range(256)}
    merges = []
    lines = real_file("vocab/gpt2-vocab.bpe").read_text("utf8").splitlines()[1:]
    for line in filter(None, lines):
        left, right = (bytes(visible[char] for char in part) for part in line.split())
        merges.append((ids[left], ids[right]))
        ids.setdefault(left + right, len(ids))
    ours = Tokenizer(merges)
    assert ours.vocab_size == 50257
    ranks = {token: BYTE_ORDER[id] if id < 256 else id for token, id in ids.items()}
    theirs = tiktoken.Encoding(
        "gpt2", pat_str=GPT2_PATTERN, mergeable_ranks=ranks, special_tokens={END_OF_TEXT: 50256}
    )
    for text in [*HARD.values(), real_file("text/grimm.txt").read_text("utf8")]:
        got = [BYTE_ORDER[id] if id < 256 else id for id in ours.encode(text)]
        assert got == theirs.encode_ordinary(text)
    assert theirs.decode([15496, 995]) == "Hello world"  # as in GPT-2's own vocabulary


def test_gpt4s_vocabulary(real_file):
    ranks = {}
    for line in real_file("vocab/cl100k_base.tiktoken").read_bytes().splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    merges, known = [], {}
    for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
        if len(token) > 1:  # the merge is what the earlier ones leave of the token
            pair = tuple(scan(token, known))
            assert len(pair) == 2
            merges.append(pair)
            known[pair] = rank
    ours = Tokenizer(merges, specials=(), pattern=GPT4_PATTERN)
    theirs = tiktoken.Encoding(
        "cl100k", pat_str=GPT4_PATTERN, mergeable_ranks=ranks, special_tokens={}
    )
    for text in [*HARD.values(), real_file("text/oz.txt").read_text("utf8")]:
        got = [ranks[bytes([id])] if id < 256 else id for id in ours.encode(text)]
        assert got == theirs.encode_ordinary(text)
