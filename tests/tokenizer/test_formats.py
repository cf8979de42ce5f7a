"""Vocabularies to and from Hugging Face's tokenizers and tiktoken: the same ids on both sides."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.errors import InputError
from scratchlm.tokenizer import (
    CHAT_SPECIAL_TOKENS,
    END_OF_TEXT,
    GPT2_PATTERN,
    GPT4_PATTERN,
    PRETOKEN_PATTERNS,
    Tokenizer,
    load_tiktoken,
    save_tiktoken,
    train_bpe,
    train_characters,
    train_unigram,
    train_wordpiece,
)
from scratchlm.tokenizer.vocabulary import BYTE_CHARACTERS, unicode_to_byte

tokenizers = pytest.importorskip("tokenizers")
tiktoken = pytest.importorskip("tiktoken")

STORIES = [story.text for story in world.corpus("train", 100)]
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cc"))),
    st.text("ab éL'sS12345 \n\t\r\u200d\x00😊，中٣"),
    st.lists(st.sampled_from([" the", "12", *CHAT_SPECIAL_TOKENS, "<|", "😊", "  ", "ing"])).map(
        "".join
    ),
)
TRAINERS = {
    "bpe": train_bpe,
    "wordpiece": train_wordpiece,
    "unigram": train_unigram,
    "characters": train_characters,
    "bytes": lambda texts, size, **options: Tokenizer([], **options),
}
OURS = {
    name: train(
        STORIES,
        600,
        special_tokens=CHAT_SPECIAL_TOKENS,
        pattern=PRETOKEN_PATTERNS["digits-from-right"],
    )
    for name, train in TRAINERS.items()
}


def theirs_of(ours, folder):
    ours.save(folder / "tokenizer.json")
    return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    return {name: theirs_of(ours, folder) for name, ours in OURS.items()}


def agree(ours, theirs, texts):
    """Theirs takes the names of special tokens for them unless told not to, ours where told to."""
    for text in texts:
        ids = ours.encode(text, allowed_special="all")
        assert ids == theirs.encode(text).ids, text
        assert theirs.decode(ids, skip_special_tokens=False) == text == ours.decode(ids)
        theirs.encode_special_tokens = True
        assert ours.encode(text) == theirs.encode(text).ids, text
        theirs.encode_special_tokens = False


@pytest.mark.parametrize("name", TRAINERS)
def test_hard_texts_have_the_same_ids(name, exported, hard_texts):
    agree(OURS[name], exported[name], hard_texts)
    agree(OURS[name], exported[name], (story.text for story in world.corpus("valid", 20)))


@given(text=TEXTS, name=st.sampled_from(sorted(TRAINERS)))
def test_any_text_has_the_same_ids(text, name, exported):
    agree(OURS[name], exported[name], [text])


@pytest.mark.parametrize("pattern", PRETOKEN_PATTERNS)
def test_every_pattern_cuts_alike(pattern, tmp_path, hard_texts):
    ours = train_bpe(STORIES, 400, pattern=PRETOKEN_PATTERNS[pattern])
    theirs = theirs_of(ours, tmp_path)
    agree(ours, theirs, hard_texts)

    @settings(max_examples=50)
    @given(TEXTS)
    def any_text(text):
        agree(ours, theirs, [text])

    any_text()


@pytest.mark.parametrize("name", TRAINERS)
def test_what_was_written_is_read_back(name, tmp_path):
    OURS[name].save(tmp_path / "tokenizer.json")
    assert Tokenizer.load(tmp_path / "tokenizer.json") == OURS[name]


BYTE_LEVEL = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
THEIR_TRAINERS = {
    "bpe": (tokenizers.models.BPE(), tokenizers.trainers.BpeTrainer, {}),
    "wordpiece": (
        tokenizers.models.WordPiece(unk_token="<unk>", max_input_chars_per_word=10**9),
        tokenizers.trainers.WordPieceTrainer,
        {"continuing_subword_prefix": ""},
    ),
    "unigram": (
        tokenizers.models.Unigram(),
        tokenizers.trainers.UnigramTrainer,
        {"unk_token": "<unk>"},
    ),
}


def train_theirs(name, texts, size):
    """Special tokens come first, so that no id is what it would be in ours."""
    model, trainer, options = THEIR_TRAINERS[name]
    theirs = tokenizers.Tokenizer(model)
    theirs.pre_tokenizer, theirs.decoder = BYTE_LEVEL, tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    special = ["<unk>", END_OF_TEXT]
    settings = {"vocab_size": size, "special_tokens": special, "initial_alphabet": alphabet}
    theirs.train_from_iterator(texts, trainer(show_progress=False, **settings, **options))
    return theirs


@pytest.mark.parametrize("name", THEIR_TRAINERS)
def test_theirs_has_the_same_ids_in_ours(name, tmp_path, hard_texts):
    theirs = train_theirs(name, STORIES, 600)
    theirs.save(str(tmp_path / "theirs.json"))
    ours = Tokenizer.load(tmp_path / "theirs.json")
    assert ours.special_tokens == {"<unk>": 0, END_OF_TEXT: 1}
    assert ours.vocab_size == theirs.get_vocab_size()
    agree(ours, theirs, hard_texts)
    agree(ours, theirs_of(ours, tmp_path), hard_texts)

    @settings(max_examples=100)
    @given(TEXTS)
    def any_text(text):
        agree(ours, theirs, [text])

    any_text()


def test_ranks_are_read_back_and_equal_tiktokens(tmp_path, hard_texts):
    ours = train_bpe(STORIES, 600, pattern=GPT4_PATTERN)
    save_tiktoken(ours, tmp_path / "ours.tiktoken")
    lines = (tmp_path / "ours.tiktoken").read_bytes().splitlines()
    ranks = {base64.b64decode(line.split()[0]): int(line.split()[1]) for line in lines}
    theirs = tiktoken.Encoding(
        "ours",
        pat_str=GPT4_PATTERN,
        mergeable_ranks=ranks,
        special_tokens=dict(ours.special_tokens),
    )
    assert load_tiktoken(tmp_path / "ours.tiktoken", pattern=GPT4_PATTERN) == ours
    for text in hard_texts:
        assert ours.encode(text) == theirs.encode_ordinary(text)


def test_gpt2s_vocabulary(real_file, tmp_path, hard_texts):
    """Its two files, put into one `tokenizer.json`: both sides read it, and agree with tiktoken."""
    vocab = json.loads(real_file("vocab/gpt2-encoder.json").read_text("utf8"))
    merges = real_file("vocab/gpt2-vocab.bpe").read_text("utf8").splitlines()[1:]
    theirs = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocab, [tuple(line.split()) for line in merges if line])
    )
    theirs.pre_tokenizer, theirs.decoder = BYTE_LEVEL, tokenizers.decoders.ByteLevel()
    theirs.add_special_tokens([END_OF_TEXT])
    theirs.save(str(tmp_path / "gpt2.json"))
    ours = Tokenizer.load(tmp_path / "gpt2.json")
    assert ours.vocab_size == 50257
    assert ours.special_tokens == {END_OF_TEXT: 50256}
    assert ours.encode("Hello world") == [15496, 995]
    save_tiktoken(ours, tmp_path / "gpt2.tiktoken")
    ranks = {unicode_to_byte(name): id for name, id in vocab.items() if name != END_OF_TEXT}
    third = tiktoken.Encoding(
        "gpt2", pat_str=GPT2_PATTERN, mergeable_ranks=ranks, special_tokens={END_OF_TEXT: 50256}
    )
    assert load_tiktoken(tmp_path / "gpt2.tiktoken", pattern=GPT2_PATTERN) == ours
    texts = [*hard_texts, real_file("text/grimm.txt").read_text("utf8")]
    agree(ours, theirs, texts)
    agree(ours, theirs_of(ours, tmp_path), hard_texts)
    for text in texts:
        assert ours.encode(text) == third.encode_ordinary(text)


def test_gpt4s_ranks(real_file, tmp_path, hard_texts):
    """They come out as they went in, and give tiktoken's ids, also by way of `tokenizers`."""
    path = real_file("vocab/cl100k_base.tiktoken")
    ours = load_tiktoken(path)
    assert ours.pattern == GPT4_PATTERN
    assert (ours.special_tokens[END_OF_TEXT], ours.vocab_size) == (100257, 100277)
    save_tiktoken(ours, tmp_path / "again.tiktoken")
    assert (tmp_path / "again.tiktoken").read_bytes() == path.read_bytes()
    ranks = {ours.token_bytes(id): id for id in range(100256)}
    theirs = tiktoken.Encoding(
        "cl100k", pat_str=GPT4_PATTERN, mergeable_ranks=ranks, special_tokens={}
    )
    texts = [*hard_texts, real_file("text/oz.txt").read_text("utf8")]
    for text in texts:
        assert ours.encode(text) == theirs.encode_ordinary(text)
    agree(ours, theirs_of(ours, tmp_path), texts)


def change(content, path, value):
    *folders, last = path
    for folder in folders:
        content = content[folder]
    content[last] = value


@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        ("bpe", ["normalizer"], {"type": "NFKC"}, "normalizer: expected NFC or none"),
        ("bpe", ["pre_tokenizer"], {"type": "Whitespace"}, "pre_tokenizer: expected ByteLevel"),
        ("bpe", ["pre_tokenizer"], None, "pre_tokenizer: expected ByteLevel"),
        ("bpe", ["model", "type"], "WordLevel", "model: expected one of BPE, WordPiece"),
        ("bpe", ["model", "dropout"], 0.1, "dropout: expected None, found 0.1"),
        ("bpe", ["model", "end_of_word_suffix"], "</w>", "end_of_word_suffix: expected"),
        ("bpe", ["model", "merges"], [], "merges: expected one for each"),
        (
            "bpe",
            ["model", "merges", 0],
            ["zz", "y"],
            "merge 0: expected two earlier tokens, found b'zz'",
        ),
        ("bpe", ["model", "vocab"], {"a": 0}, "merges: expected one for each of the 0 tokens"),
        ("bpe", ["model", "vocab", "日"], 9999, "token '日': expected one of GPT-2's"),
        ("bpe", ["added_tokens", 0, "lstrip"], True, "lstrip, rstrip or single_word"),
        (
            "bpe",
            ["added_tokens", 0, "id"],
            7,
            "ids: expected 600 different ones from 0 on, found 599",
        ),
        ("wordpiece", ["model", "max_input_chars_per_word"], 100, "found 100; raise it"),
        ("wordpiece", ["model", "continuing_subword_prefix"], "##", "expected '', found '##'"),
        ("unigram", ["model", "vocab", 5, 1], float("inf"), "expected JSON, found Infinity"),
        ("unigram", ["model", "vocab", 5], ["a"], "expected a tokenizer.json, found ValueError"),
    ],
)
def test_what_ours_cannot_do_is_refused(tmp_path, name, path, value, message):
    file = tmp_path / "tokenizer.json"
    OURS[name].save(file)
    content = json.loads(file.read_text("utf8"))
    del content["model"]["sha256"]
    change(content, path, value)
    file.write_text(json.dumps(content), "utf8")
    with pytest.raises(InputError, match=f"tokenizer.json: .*{message}"):
        Tokenizer.load(file)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "tokens: expected all 256 bytes, found 0"),
        (["aGk="], "line 1: expected a token in base 64 and its rank"),
        (["aGk= x"], "line 1: expected a token in base 64"),
        (["!!!! 7"], "line 1: expected a token in base 64"),
        (
            [*(f"{base64.b64encode(bytes([n])).decode()} {n}" for n in range(256)), "YWJj 256"],
            "token b'abc': expected it to be two earlier tokens, found 3",
        ),
    ],
)
def test_bad_ranks_are_refused(tmp_path, lines, message):
    (tmp_path / "bad.tiktoken").write_text("\n".join(lines))
    with pytest.raises(InputError, match=f"bad.tiktoken.*{message}"):
        load_tiktoken(tmp_path / "bad.tiktoken", pattern=GPT4_PATTERN)
    with pytest.raises(InputError, match=r"none: expected a file, found No such"):
        load_tiktoken(tmp_path / "none")


def test_what_their_formats_cannot_say_is_refused(tmp_path):
    unigram = OURS["unigram"]
    gaps = Tokenizer(unigram.algorithm, ids=[*range(597), 700])
    with pytest.raises(InputError, match="without gaps, found some up to 700"):
        gaps.save(tmp_path / "t.json")
    with pytest.raises(InputError, match="merges: expected a byte-pair encoding, found Unigram"):
        save_tiktoken(unigram, tmp_path / "t.tiktoken")
    backward = Tokenizer([(104, 105), (256, 33)], special_tokens=(), ids=[*range(256), 300, 299])
    with pytest.raises(InputError, match="ids in the order of the merges"):
        save_tiktoken(backward, tmp_path / "t.tiktoken")


def test_visible_characters_are_those_of_hugging_face():
    assert set(BYTE_CHARACTERS.values()) == set(BYTE_LEVEL.alphabet())
    assert all(unicode_to_byte(char) == bytes([byte]) for byte, char in BYTE_CHARACTERS.items())
