"""Published vocabularies: what their files leave out, what they add, and what ours makes of it."""

import json
from pathlib import Path

import pytest
from scratchlm.errors import InputError
from scratchlm.storage import fingerprint
from scratchlm.tokenizer import (
    END_OF_TEXT,
    GPT2_PATTERN,
    GPT4_PATTERN,
    PRETOKEN_PATTERNS,
    Tokenizer,
    convert_tokenizer,
    load_tiktoken,
    save_tiktoken,
    train_bpe,
)
from scratchlm.tokenizer.formats import tiktoken as tiktoken_format
from scratchlm.tokenizer.formats.hugging_face import read_post_processor
from scratchlm.tokenizer.vocabulary import BYTE_TOKENS, byte_to_unicode

tokenizers = pytest.importorskip("tokenizers")
MERGES = [(b"h", b"i"), (b"hi", b"!"), (b" ", b"hi"), (b"\xc3", b"\xa9")]
TEXTS = [
    "hi hi! e\u0301\u00e9 <|endoftext|> 1234  5",
    "a\u0004b\u0013\U000e0067 hi\x00!",
    "don't  \n x",
]


@pytest.fixture
def published(tmp_path):
    """A tokenizer.json as others write it, changed by hand; and what their library makes of it."""
    names = [byte_to_unicode(byte) for byte in BYTE_TOKENS]
    names += [byte_to_unicode(left + right) for left, right in MERGES]
    ours = Tokenizer.from_vocab(
        {id: token for id, token in enumerate([*BYTE_TOKENS, *map(b"".join, MERGES)])},
        MERGES,
        [END_OF_TEXT, "<s>", "</s>"],
    )

    def change(**parts):
        ours.save(tmp_path / "tokenizer.json")
        content = json.loads((tmp_path / "tokenizer.json").read_text("utf8"))
        content["model"].pop("sha256")
        model = parts.pop("model", {})
        content = {**content, **parts, "model": {**content["model"], **model}}
        content["model"] = {key: part for key, part in content["model"].items() if part != "gone"}
        (tmp_path / "tokenizer.json").write_text(json.dumps(content), "utf8")
        theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
        return Tokenizer.load(str(tmp_path / "tokenizer.json")), theirs

    return change


def agree(ours, theirs):
    for text in TEXTS:
        assert (
            ours.encode(text, allowed_special="all")
            == theirs.encode(text, add_special_tokens=False).ids
        )
        surrounded = [*ours.bos_token_ids, *ours.encode(text), *ours.eos_token_ids]
        theirs.encode_special_tokens = True
        assert surrounded == theirs.encode(text).ids
        theirs.encode_special_tokens = False


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
DIGITS = {"type": "Digits", "individual_digits": True}


@pytest.mark.parametrize(
    "parts",
    [
        {"model": {"type": "gone"}},
        {"pre_tokenizer": BYTE_LEVEL},
        {"normalizer": {"type": "NFC"}},
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}]}},
        {"normalizer": {"type": "Sequence", "normalizers": []}},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [BYTE_LEVEL]}},
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [DIGITS, BYTE_LEVEL]}},
        {"model": {"unk_token": END_OF_TEXT, "continuing_subword_prefix": ""}},
        {"model": {"ignore_merges": True}},
        {"post_processor": {**BYTE_LEVEL, "use_regex": True}},
    ],
)
def test_other_ways_to_write_a_file_are_read(published, parts):
    agree(*published(**parts))


def special(name, id):
    return {name: {"id": name, "ids": [id], "tokens": [name]}}


START, END = ({"SpecialToken": {"id": name, "type_id": 0}} for name in ("<s>", "</s>"))
TEXT = {"Sequence": {"id": "A", "type_id": 0}}


@pytest.mark.parametrize(
    ("step", "bos", "eos"),
    [
        (None, [], []),
        ({"type": "TemplateProcessing", "single": [START, TEXT]}, [261], []),
        ({"type": "TemplateProcessing", "single": [START, START, TEXT, END]}, [261, 261], [262]),
        ({"type": "TemplateProcessing", "single": [TEXT, END]}, [], [262]),
        ({"type": "RobertaProcessing", "cls": ["<s>", 261], "sep": ["</s>", 262]}, [261], [262]),
        ({"type": "BertProcessing", "cls": ["<s>", 261], "sep": ["</s>", 262]}, [261], [262]),
    ],
)
def test_the_post_processor_decides_what_surrounds_a_text(published, step, bos, eos, tmp_path):
    if step and step["type"] == "TemplateProcessing":
        tokens = special("<s>", 261) | special("</s>", 262)
        step |= {"pair": step["single"], "special_tokens": tokens}
    elif step and step["type"] == "RobertaProcessing":
        step |= {"trim_offsets": True, "add_prefix_space": False}
    if step:
        steps = [{**BYTE_LEVEL, "use_regex": True}, step]
        step = {"type": "Sequence", "processors": steps}
    ours, theirs = published(post_processor=step)
    assert (list(ours.bos_token_ids), list(ours.eos_token_ids)) == (bos, eos)
    agree(ours, theirs)
    ours.save(tmp_path / "again.json")
    assert Tokenizer.load(tmp_path / "again.json") == ours
    agree(ours, tokenizers.Tokenizer.from_file(str(tmp_path / "again.json")))


def test_what_surrounds_a_text_does_not_decide_its_ids(published):
    template = {"type": "TemplateProcessing", "single": [START, TEXT], "pair": [START, TEXT]}
    plain, _ = published()
    with_bos, _ = published(post_processor=template | {"special_tokens": special("<s>", 261)})
    assert plain != with_bos
    assert plain.fingerprint == with_bos.fingerprint


@pytest.mark.parametrize("step", [{"type": "Other"}, {"type": "TemplateProcessing"}])
def test_another_post_processor_is_refused(step):
    with pytest.raises(InputError, match="post_processor: expected one that adds special tokens"):
        read_post_processor(step)


def test_a_byte_without_a_token_is_left_out_as_in_theirs(published):
    vocab = {byte_to_unicode(byte): id for id, byte in enumerate(BYTE_TOKENS)}
    vocab |= {byte_to_unicode(b"".join(pair)): 256 + rank for rank, pair in enumerate(MERGES)}
    vocab |= {END_OF_TEXT: 260, "<s>": 261, "</s>": 262}
    for byte in (0x04, 0x13, 0xF1, 0xF3, 0xFF):
        del vocab[byte_to_unicode(bytes([byte]))]
    ours, theirs = published(model={"vocab": vocab})
    agree(ours, theirs)
    whole = Tokenizer(ours.algorithm, special_tokens=(), pattern="(?s).+", ids=ours.ids[:-3])
    assert whole.encode("h\u0004i") == [256]  # its neighbors meet, and can be merged
    with pytest.raises(InputError, match=r"unk_token: expected None, found '<s>'"):
        published(model={"vocab": vocab, "unk_token": "<s>"})


def test_added_tokens_that_are_not_special_are_found_in_any_text(published):
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    added = [
        {"id": 260, "content": END_OF_TEXT, **flags, "special": True},
        {"id": 261, "content": "  ", **flags, "special": False},
        {"id": 262, "content": "hi!", **flags, "special": False},
    ]
    model = {"merges": ["h i", "Ġ hi", "Ã ©"]}
    vocab = {byte_to_unicode(byte): id for id, byte in enumerate(BYTE_TOKENS)}
    vocab |= {"hi": 256, "Ġhi": 258, "Ã©": 259, END_OF_TEXT: 260, "  ": 261, "hi!": 262}
    ours, theirs = published(added_tokens=added, model={**model, "vocab": vocab})
    assert (dict(ours.special_tokens), dict(ours.added_tokens)) == (
        {END_OF_TEXT: 260},
        {"  ": 261, "hi!": 262},
    )
    agree(ours, theirs)
    assert ours.encode(f"hi!  {END_OF_TEXT}")[:2] == [262, 261]


@pytest.mark.parametrize("name", ["tokenizer-as-of-gpt2.json", "tokenizer-nfc.json"])
def test_files_that_were_refused(real_case, name):
    path = real_case(name)
    ours, theirs = Tokenizer.load(path), tokenizers.Tokenizer.from_file(str(path))
    for text in [*TEXTS, "the ferry crossed e\u0301te\u0301 before dawn, 船が港に戻る a\u0958, b"]:
        assert ours.encode(text, allowed_special="all") == theirs.encode(text).ids


@pytest.fixture
def real_case():
    def find(name):
        path = Path(__file__).parents[3] / "shared" / "cases" / name
        if not path.exists():
            pytest.skip(f"needs shared/cases/{name} beside the repository")
        return path

    return find


def test_from_vocab_equals_training_and_keeps_gaps():
    trained = train_bpe(["low lower lowest low"] * 3, 262)
    vocab = {id: trained.token_bytes(id) for id in range(trained.vocab_size)}
    merges = [tuple(map(trained.token_bytes, pair)) for pair in trained.merges]
    assert Tokenizer.from_vocab(vocab, merges) == trained
    assert Tokenizer.from_vocab(vocab, merges, [END_OF_TEXT]) == trained
    shifted = {id + 1000: token for id, token in vocab.items()}
    again = Tokenizer.from_vocab(shifted, merges, ["<|user|>"])
    assert again.encode("lower") == [id + 1000 for id in trained.encode("lower")]
    assert again.special_tokens["<|user|>"] == 1000 + trained.vocab_size


@pytest.mark.parametrize(
    ("vocab", "merges", "message"),
    [
        ({}, [], "expected at least one"),
        ({0: b"a", 1: b"a"}, [], "tokens that differ"),
        ({0: b"a"}, [(b"a", b"a")], "all that the merges make"),
        ({0: b"abc"}, [(b"ab", b"c")], "merge 0: expected two earlier tokens"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(vocab, merges, message):
    with pytest.raises(InputError, match=message):
        Tokenizer.from_vocab(vocab, merges)


def test_ranks_with_a_special_token_in_a_gap(tmp_path):
    path = tmp_path / "gap.tiktoken"
    save_tiktoken(Tokenizer([(104, 105), (256, 115)], ids=[*range(257), 258, 257]), path)
    ours = load_tiktoken(path, pattern=GPT2_PATTERN, special_tokens={END_OF_TEXT: 257, "<a>": 300})
    assert ours.encode(f"his{END_OF_TEXT}<a>", allowed_special="all") == [258, 257, 300]
    with pytest.raises(InputError, match=r"gap.tiktoken: ids: expected 259 different ones"):
        load_tiktoken(path, pattern=GPT2_PATTERN, special_tokens={END_OF_TEXT: 256})
    with pytest.raises(InputError, match="does not say how text is pre-tokenized; name its pat"):
        load_tiktoken(path)


def test_what_belongs_to_a_published_file_is_what_tiktoken_says(monkeypatch):
    public = pytest.importorskip("tiktoken_ext.openai_public")
    hashes = []
    monkeypatch.setattr(
        public, "load_tiktoken_bpe", lambda url, expected_hash: hashes.append(expected_hash)
    )
    for name in ("r50k_base", "p50k_base", "cl100k_base", "o200k_base"):
        theirs = getattr(public, name)()
        ours = tiktoken_format.PUBLISHED[hashes[-1]]
        assert dict(ours.special_tokens) == theirs["special_tokens"]
        if name == "o200k_base":
            assert ours.pattern == theirs["pat_str"]
    assert set(hashes) == set(tiktoken_format.PUBLISHED)
    assert tiktoken_format.PUBLISHED[hashes[2]].pattern == GPT4_PATTERN


OLD = {
    "bpe": {"merges": [[104, 105], [256, 33]]},
    "longest match": {
        "algorithm": "longest match",
        "tokens": [*map(byte_to_unicode, BYTE_TOKENS), "hi"],
    },
    "unigram": {
        "algorithm": "unigram",
        "tokens": [*map(byte_to_unicode, BYTE_TOKENS), "hi"],
        "scores": [-5.5] * 256 + [-1.25],
    },
}


@pytest.mark.parametrize("name", OLD)
def test_a_file_of_the_first_version_is_named_and_converted(name, tmp_path):
    parts = {"pattern": PRETOKEN_PATTERNS["gpt4"], "specials": ["<|a|>"], **OLD[name]}
    head = {"format": "scratchlm tokenizer", "version": 1, "sha256": fingerprint(parts)}
    path = tmp_path / "old file.json"
    path.write_text(json.dumps({**head, **parts}), "utf8")
    with pytest.raises(InputError, match=r"convert it: scratchlm tokenizer --convert '.*json' --"):
        Tokenizer.load(path)
    converted = convert_tokenizer(path)
    assert converted.special_tokens["<|a|>"] == converted.vocab_size - 1
    assert converted.encode("hi") == [256]
    converted.save(path)
    assert Tokenizer.load(path) == converted
    with pytest.raises(InputError, match=r"old file.json: expected a tokenizer of our first"):
        convert_tokenizer(path)
    path.write_text(json.dumps({**head, **parts, "pattern": "."}), "utf8")
    with pytest.raises(InputError, match="or a damaged one"):
        convert_tokenizer(path)
