"""The tokenizer: round trips, special tokens, streams, files, faults."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchlm import world
from scratchlm.errors import InputError
from scratchlm.tokenizer import END_OF_TEXT, StreamDecoder, Tokenizer, naive, train_bpe
from scratchlm.tokenizer.bpe_encode import heap_merge, scan

TRAINED = train_bpe((story.text for story in world.corpus("train", 100)), 700)
RANKS = {pair: 256 + rank for rank, pair in enumerate(TRAINED.merges)}
TEXTS = st.one_of(
    st.text(),
    st.text("ab é😊'\n\t\u200d\x00<|>"),
    st.lists(st.sampled_from([" the", END_OF_TEXT, "<|", "😊", "  ", "ing"])).map("".join),
)


@given(TEXTS)
def test_decoding_undoes_encoding(text):
    assert TRAINED.decode(TRAINED.encode(text)) == text
    ids = TRAINED.encode(text, allowed_special={END_OF_TEXT})
    assert TRAINED.decode(ids) == text


@given(st.binary())
def test_every_byte_string_has_ids_and_comes_back(data):
    assert TRAINED.decode_bytes(scan(data, RANKS)) == data


@given(st.one_of(st.binary(), st.text("ahent ").map(str.encode)))
def test_scan_heap_and_the_naive_encoder_agree(data):
    expected = naive.apply_merges(data, TRAINED.merges)
    assert scan(data, RANKS) == expected
    assert heap_merge(data, RANKS) == expected


@given(st.lists(st.integers(0, TRAINED.vocab_size - 1)))
def test_a_stream_adds_up_to_the_whole(ids):
    stream = StreamDecoder(TRAINED)
    assert "".join(map(stream.feed, ids)) + stream.flush() == TRAINED.decode(ids)


@given(TEXTS)
def test_a_stream_never_shows_half_a_character(text):
    stream = StreamDecoder(TRAINED)
    shown = [stream.feed(id) for id in TRAINED.encode(text)]
    assert "".join(shown) == text
    assert stream.flush() == ""


@given(TEXTS)
def test_text_never_becomes_a_control_token(text):
    control = set(TRAINED.special_tokens.values())
    assert control.isdisjoint(TRAINED.encode(text + END_OF_TEXT + text))


def test_an_allowed_special_becomes_its_token():
    ids = TRAINED.encode(f"a{END_OF_TEXT}b", allowed_special=[END_OF_TEXT])
    assert ids == [ord("a"), TRAINED.special_tokens[END_OF_TEXT], ord("b")]
    assert TRAINED.special_tokens[END_OF_TEXT] == TRAINED.vocab_size - 1


def test_only_allowed_specials_count_and_the_longest_wins():
    tokenizer = Tokenizer([], special_tokens=["<a>", "<a><b>", "<c>"])
    ids = tokenizer.encode("<a><b><c>", allowed_special={"<a>", "<a><b>"})
    assert ids == [257, *b"<c>"]


@pytest.mark.parametrize("allowed", [{"<|user|>"}, "<|endoftext|>", ["<|endoftext|>", ""]])
def test_an_unknown_special_is_refused(allowed):
    with pytest.raises(InputError, match="allowed_special: expected"):
        TRAINED.encode("text", allowed_special=allowed)


@pytest.mark.parametrize("special_tokens", ["<a>", ["<a>", "<a>"], [""]])
def test_specials_that_cannot_be_told_apart_are_refused(special_tokens):
    with pytest.raises(InputError, match="special_tokens: expected"):
        Tokenizer([], special_tokens=special_tokens)


@pytest.mark.parametrize("id", [-1, TRAINED.vocab_size, 10**9])
def test_an_unknown_id_is_refused(id):
    with pytest.raises(InputError, match="token id: expected 0 to 699"):
        TRAINED.decode([id])


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(InputError, match="surrogate pair at character 3"):
        TRAINED.encode("abc\ud83d")


def test_a_saved_tokenizer_comes_back(tmp_path):
    path = tmp_path / "tokenizer.json"
    TRAINED.save(path)
    loaded = Tokenizer.load(path)
    assert loaded == TRAINED
    assert loaded.fingerprint == TRAINED.fingerprint
    assert loaded.special_tokens == TRAINED.special_tokens


def damage(path, change):
    content = json.loads(path.read_text("utf8"))
    change(content)
    path.write_text(json.dumps(content), "utf8")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["model"]["merges"].pop(),
        lambda content: content["model"]["merges"].insert(50, content["model"]["merges"].pop(49)),
        lambda content: content["pre_tokenizer"]["pretokenizers"][0]["pattern"].update(Regex="."),
        lambda content: content.update(added_tokens=[]),
        lambda content: content.update(normalizer={"type": "NFC"}),
        lambda content: content["added_tokens"][0].update(special=False),
        lambda content: content["model"].update(sha256=""),
    ],
)
def test_a_changed_file_is_refused(tmp_path, change):
    path = tmp_path / "tokenizer.json"
    TRAINED.save(path)
    damage(path, change)
    with pytest.raises(
        InputError, match=r"tokenizer.json: .*(changed or damaged|merges: expected)"
    ):
        Tokenizer.load(path)


@pytest.mark.parametrize("change", [{"merges": None}, {"vocab": [7]}, {"vocab": {"a": "b"}}])
def test_a_wrong_part_is_refused_even_without_a_hash(tmp_path, change):
    path = tmp_path / "tokenizer.json"
    TRAINED.save(path)
    damage(path, lambda content: content["model"].update({**change, "sha256": 1}))
    damage(path, lambda content: content["model"].pop("sha256"))
    with pytest.raises(InputError, match=r"tokenizer.json: .*expected"):
        Tokenizer.load(path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{", b"[1, 2]", b'{"model": {}}', b"\0" * 99]
)
def test_a_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"other.json: expected"):
        Tokenizer.load(path)


@pytest.mark.parametrize("size", [1, 100, 1000, -1])
def test_a_cut_file_is_refused(tmp_path, size):
    path = tmp_path / "tokenizer.json"
    TRAINED.save(path)
    path.write_bytes(path.read_bytes()[:-3][:size])
    with pytest.raises(InputError, match="expected JSON, found"):
        Tokenizer.load(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(InputError, match="expected a file, found"):
            Tokenizer.load(path)


@pytest.mark.parametrize("merges", [[(1, 256)], [(-1, 5)], [(1, 2), (1, 2)]])
def test_impossible_merges_are_refused(merges):
    with pytest.raises(InputError, match="merge"):
        Tokenizer(merges)
