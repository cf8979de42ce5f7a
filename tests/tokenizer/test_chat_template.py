"""Chat templates: rendered as by Hugging Face's library, and no message can forge a turn."""

import pytest
import transformers
from hypothesis import given
from hypothesis import strategies as st
from scratchlm.errors import InputError
from scratchlm.tokenizer import CHAT_SPECIAL_TOKENS, Tokenizer
from scratchlm.tokenizer.chat_template import ChatTemplate
from transformers.utils.chat_template_utils import render_jinja_template

CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nBe kind.<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
BLOCKS = """{{- bos_token }}
{%- for message in messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception('roles must alternate') }}
    {%- endif %}
    {%- if message.role == 'tool' %}{% continue %}{% endif %}
    {{- '<|im_start|>' + message['role'] + '\\n\\n' }}
    {%- generation %}
    {{- message['content'] | trim + '<|im_end|>' }}
    {%- endgeneration %}
{%- endfor %}
{{ messages | tojson }}
"""
TALK = [
    {"role": "user", "content": " What is “a <b>”? "},
    {"role": "assistant", "content": "A tag; it isn't closed."},
    {"role": "user", "content": "Danke!"},
]
TOKENIZER = Tokenizer([], special_tokens=CHAT_SPECIAL_TOKENS)
CONTROL = set(TOKENIZER.special_tokens.values())


@pytest.mark.parametrize("source", [CHATML, BLOCKS])
@pytest.mark.parametrize("prompt", [True, False])
def test_templates_give_what_hugging_faces_library_gives(source, prompt):
    expected, _ = render_jinja_template(
        [TALK], chat_template=source, add_generation_prompt=prompt, bos_token="<s>"
    )
    ours = ChatTemplate(source, {"bos_token": "<s>"})
    assert ours.render(TALK, add_generation_prompt=prompt) == expected[0]


def test_a_conversation_has_the_ids_that_hugging_faces_library_gives(tmp_path):
    TOKENIZER.save(tmp_path / "tokenizer.json")
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    expected = theirs.apply_chat_template(
        TALK, chat_template=CHATML, add_generation_prompt=True, return_dict=False
    )
    assert ChatTemplate(CHATML).encode(TOKENIZER, TALK, add_generation_prompt=True) == expected


@given(
    st.lists(
        st.sampled_from(
            [*CHAT_SPECIAL_TOKENS, "<|im_", "end|>", "\U000f0000", "a", "\n", "{{ 1 }}"]
        )
    )
)
def test_no_message_can_forge_a_turn(pieces):
    """Whatever it contains, the control tokens are the template's, and the text stays its own."""
    text = "".join(pieces)
    template = ChatTemplate(CHATML)
    ids, plain = (
        template.encode(TOKENIZER, [{"role": "user", "content": content}])
        for content in (text, "a")
    )
    assert [id for id in ids if id in CONTROL] == [id for id in plain if id in CONTROL]
    assert TOKENIZER.decode(ids) == TOKENIZER.decode(plain).replace("user\na<", f"user\n{text}<")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% for", "takes these messages, found: "),
        ("{{ raise_exception('no system\nhere') }}", "found: no system here"),
        ("{{ messages + 1 }}", "takes these messages"),
        ("{{ ''.__class__.__mro__ }}", "unsafe|undefined"),
        ("{{ messages.append(1) }}", "unsafe"),
        ("{{ 1 // 0 }}", "division"),
    ],
)
def test_templates_that_fail_or_break_out_are_refused_in_one_line(source, message):
    with pytest.raises(InputError, match=message) as caught:
        ChatTemplate(source).render(TALK)
    assert "\n" not in str(caught.value)
