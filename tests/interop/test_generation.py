"""A folder of another program writes here what it writes there."""

import json

import pytest
import torch
import transformers
import tyro
from scratchlm.cli.generate import Generate, run_generate
from scratchlm.errors import InputError
from scratchlm.interop import Controls, save
from scratchlm.model import ModelConfig, Transformer
from scratchlm.tokenizer import TOKENIZER_FILE, train_bpe
from scratchlm.world import corpus
from scratchlm.zoo import load


@pytest.fixture
def folder(tmp_path):
    """A tiny GPT-2 with a tokenizer, as Hugging Face's library would have written both."""
    tokenizer = train_bpe([story.text for story in corpus("train", 20)], 300)
    config = ModelConfig.gpt2(vocab_size=304, max_seq_len=64, d_model=64, n_layers=2)
    model = Transformer(config)
    with torch.no_grad():
        generator = torch.Generator().manual_seed(3)
        for weight in model.parameters():
            weight.add_(0.2 * torch.randn(weight.shape, generator=generator))
        # The last rows only pad the table; no tokenizer knows them.
        model.embed_tokens.weight[300:] = 0
    save(tmp_path, model)
    (tmp_path / "scratchlm.json").unlink()
    tokenizer.save(tmp_path / TOKENIZER_FILE)
    change(tmp_path / "config.json", bos_token_id=299, eos_token_id=299)
    return tmp_path


def change(path, **fields):
    before = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**before, **fields}))


def written(folder, prompt, capsys, **options):
    named = [f"--{name}={value}" for name, value in options.items()]
    arguments = [prompt, f"--model={folder}", "--temperature=0", *named]
    run_generate(tyro.cli(Generate, args=arguments))
    return capsys.readouterr().out.removesuffix("\n")


def test_the_same_text_as_theirs(folder, capsys):
    theirs = transformers.GPT2LMHeadModel.from_pretrained(folder).eval()
    loaded = load(folder)
    ids = loaded.tokenizer.encode("Ada and ")
    new = theirs.generate(
        torch.tensor([ids]), max_new_tokens=30, do_sample=False, pad_token_id=299
    )[0].tolist()
    ends = [at for at, token in enumerate(new) if token == 299]
    expected = loaded.tokenizer.decode(new[: ends[0]] if ends else new)
    assert written(folder, "Ada and ", capsys, max_new_tokens=30) == expected
    assert len(expected) > len("Ada and ") + 10


def test_an_empty_prompt_begins_with_the_token_for_it(folder, capsys):
    with torch.no_grad():
        first = int(load(folder).model(torch.tensor([[299]]))[0, -1].argmax())
    out = written(folder, "", capsys, max_new_tokens=1)
    assert out == load(folder).tokenizer.decode([first] if first != 299 else [])


def test_any_of_several_tokens_ends_a_text(folder, capsys):
    long = written(folder, "Ada and ", capsys, max_new_tokens=30)
    stop = load(folder).tokenizer.encode(long.removeprefix("Ada and "))[3]
    change(folder / "generation_config.json", eos_token_id=[299, stop])
    assert len(written(folder, "Ada and ", capsys, max_new_tokens=30)) < len(long)


def controls_of(folder):
    return load(folder).controls


def test_the_post_processor_decides_what_stands_before_a_text(folder):
    """Not the family, and not what other files say of it: as in their library."""
    assert controls_of(folder).bos_token_ids == ()
    change(folder / "tokenizer_config.json", add_bos_token=True)
    change(folder / "config.json", model_type="gpt2")
    assert controls_of(folder).bos_token_ids == ()
    load(folder).tokenizer.with_bos([299]).save(folder / TOKENIZER_FILE)
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / TOKENIZER_FILE))
    assert theirs.encode("Ada") == [299, *load(folder).tokenizer.encode("Ada")]
    assert controls_of(folder).bos_token_ids == (299,)
    assert controls_of(folder).before("Ada") == (299,)


def test_what_is_null_in_one_file_is_taken_from_the_other(folder):
    change(folder / "generation_config.json", eos_token_id=None, bos_token_id=None)
    assert controls_of(folder) == Controls((), (299,), frozenset({299}))
    change(folder / "config.json", bos_token_id=None)
    assert controls_of(folder) == Controls((), (299,), frozenset({299}))
    change(folder / "config.json", eos_token_id=None)
    controls = controls_of(folder)  # a text ends when it is long enough, as in their library
    assert controls == Controls((), (), frozenset())
    assert load(folder).generate("Ada", max_new_tokens=3)
    with pytest.raises(InputError, match="prompt: expected a text"):
        load(folder).generate("")
    change(folder / "generation_config.json", eos_token_id=[[2]])
    with pytest.raises(InputError, match="expected ids of tokens as eos_token_id"):
        load(folder)


def test_ids_that_only_pad_the_table_are_never_written(folder):
    """Their rows are made the likeliest everywhere; no tokenizer knows their ids."""
    loaded = load(folder)
    with torch.no_grad():
        weight = loaded.model.embed_tokens.weight
        weight[300:] = 50 * weight[5]
        weight[301] *= -1
    text = loaded.generate("Ada", temperature=5.0, max_new_tokens=40)
    assert text == "Ada" + loaded.tokenizer.decode(loaded.tokenizer.encode(text[3:]))


def test_a_tokenizer_of_another_model_is_refused(folder):
    tokenizer = train_bpe([story.text for story in corpus("train", 20)], 400)
    tokenizer.save(folder / TOKENIZER_FILE)
    with pytest.raises(InputError, match="at most 304 tokens, found one of 400"):
        load(folder)
