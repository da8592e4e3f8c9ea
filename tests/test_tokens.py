"""Tokens: an honest estimate where there are no ranks, and never a download.

Law: no ranks are ever found here (tests/conftest.py), so these hold on every machine;
tests/test_tokens_exact.py has those that need them.
"""

from __future__ import annotations

import base64
import copy
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb import errors
from mojentic_nb.media import DocumentPart, ImagePart
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.request import ToolSpec
from mojentic_nb.tokens import TokenCount, TokenizerGateway
from mojentic_nb.tokens.ranks import ENCODINGS, PIECE, cache_path, cut, encoding_of
from mojentic_nb.tools.dates import ResolveDateTool
from tests.house.source import ROOT

MEGABYTE = 1_000_000
ANY_TEXT = st.text() | st.text(alphabet=" \n\taB'1/。é🎉", max_size=200)
BOTH = pytest.mark.parametrize("encoding", sorted(ENCODINGS))

# Every byte is a token, and so are a few words: enough of an encoding for a test.
WORDS = [b"he", b"ll", b"hell", b"hello", b" w", b"or"]
TINY = tiktoken.Encoding(
    "tiny",
    pat_str=r" ?\p{L}+|\s+|\S",
    mergeable_ranks={
        **{bytes([n]): n for n in range(256)},
        **{w: 256 + n for n, w in enumerate(WORDS)},
    },
    special_tokens={"<|endoftext|>": 300},
)


class Bytes:
    """A user's own tokenizer: a byte is a token."""

    def encode(self, text: str) -> list[int]:
        return list(text.encode())

    def decode(self, tokens: list[int]) -> str:
        return bytes(tokens).decode()


# Where there are no ranks.


def test_making_one_loads_nothing():
    statement = (
        "import sys; from mojentic_nb import TokenizerGateway; TokenizerGateway(); "
        "print(sorted({'tiktoken', 'bpe_openai', 'requests'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", statement], capture_output=True, text=True, cwd=ROOT
    )
    assert ran.stdout.strip() == "[]", ran.stderr


def test_without_ranks_a_count_says_that_it_is_an_estimate():
    found = TokenizerGateway("gpt-4o").count("How many tokens is this?")
    assert found.is_estimate
    assert found.how == "estimated, as no ranks of o200k_base are here"
    assert repr(found) == f"about {int(found)} tokens ({found.how})"
    assert 4 <= found <= 9


@pytest.mark.parametrize("call", [lambda g: g.encode("hi"), lambda g: g.decode([1])])
def test_without_ranks_tokens_have_no_numbers(call):
    with pytest.raises(errors.RanksMissing, match=r"cl100k_base .*\.fetch\(\)"):
        call(TokenizerGateway())


@pytest.mark.parametrize("content", [b"", b"aGk= 0\n", b"\xff" * 100])
@BOTH
def test_a_damaged_file_is_left_alone_and_not_used(monkeypatch, tmp_path, content, encoding):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    path = cache_path(encoding)
    path.write_bytes(content)
    assert TokenizerGateway(encoding).count("hello").is_estimate
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "variables, folder",
    [
        ({"TIKTOKEN_CACHE_DIR": "/one", "DATA_GYM_CACHE_DIR": "/two"}, "/one"),
        ({"DATA_GYM_CACHE_DIR": "/two"}, "/two"),
        ({"TIKTOKEN_CACHE_DIR": "", "DATA_GYM_CACHE_DIR": "/two"}, None),
    ],
)
def test_the_cache_is_where_tiktoken_looks(monkeypatch, variables, folder):
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.delenv("DATA_GYM_CACHE_DIR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    name = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
    assert cache_path("cl100k_base") == (Path(folder, name) if folder else None)


def test_fetching_is_the_only_thing_that_goes_out(monkeypatch, tmp_path):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    tokenizer = TokenizerGateway("gpt-4o")
    tokenizer.count("hi")
    tokenizer.count_messages("hi")
    with pytest.raises(errors.GatewayUnreachable, match="o200k_base cannot be fetched"):
        tokenizer.fetch()


def test_fetching_into_a_cache_that_is_off_is_refused(monkeypatch):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    with pytest.raises(errors.BadArgument, match="TIKTOKEN_CACHE_DIR"):
        TokenizerGateway().fetch()


@BOTH
@given(text=ANY_TEXT)
def test_an_estimate_is_0_only_for_no_text(encoding, text):
    assert (TokenizerGateway(encoding).count(text) == 0) == (text == "")


@BOTH
@given(one=ANY_TEXT, other=ANY_TEXT)
def test_estimates_add_up(encoding, one, other):
    count = TokenizerGateway(encoding).count
    apart = count(one) + count(other)
    assert abs(count(one + other) - apart) <= 6


def noise(length: int) -> bytes:
    dice = random.Random(7)
    return bytes(dice.randrange(256) for _ in range(length))


# Counted by tiktoken 0.14 with the real ranks: cl100k_base, o200k_base.
SAMPLES = {
    "English": (
        "The sun rose slowly over the quiet harbour, and the fishermen, who had been waiting "
        "since midnight, began to pull their heavy nets back into the small wooden boats. "
        "Nobody spoke; there was nothing to say that the sea had not already said.",
        49,
        49,
    ),
    "Python": (
        "def mean(values: Sequence[float]) -> float:\n"
        '    """The mean of some values."""\n'
        "    if not values:\n"
        '        raise ValueError("no values")\n\n'
        "    return sum(values) / len(values)\n",
        39,
        41,
    ),
    "JSON": (
        '{"name": "Ada", "born": 1815, "works": [{"title": "Notes", "year": 1843}], '
        '"score": 9.75, "is_known": true}',
        43,
        43,
    ),
    "Chinese": ("今天天气很好，我们一起去公园散步吧。机器学习模型需要大量的数据来训练。", 40, 22),
    "Japanese": ("今日は天気がいいので、公園へ散歩に行きましょう。", 29, 17),
    "Russian": ("Сегодня хорошая погода, и мы пойдём гулять в парк вместе с друзьями.", 38, 20),
    "German": ("Die Größe der Wörter überrascht viele Menschen, die Deutsch lernen.", 19, 12),
    "base64": (base64.b64encode(noise(300)).decode(), 285, 274),
    "hexadecimal": (noise(150).hex(), 177, 176),
    "emoji": ("🎉👍🔥🚀🙏🤖🧪📈", 24, 14),
}


@BOTH
@pytest.mark.parametrize("name", SAMPLES)
def test_an_estimate_is_near(encoding, name):
    text, old, new = SAMPLES[name]
    real = old if encoding == "cl100k_base" else new
    assert TokenizerGateway(encoding).count(text) == pytest.approx(real, rel=0.3)


# What a model's tokens are.


@pytest.mark.parametrize(
    "model, encoding, is_own",
    [
        ("cl100k_base", "cl100k_base", True),
        ("o200k_harmony", "o200k_base", True),
        ("gpt-4o", "o200k_base", True),
        ("gpt-4o-mini-2024-07-18", "o200k_base", True),
        ("openai:gpt-5.4-mini", "o200k_base", True),
        ("gpt-4.1", "o200k_base", True),
        ("o3-mini", "o200k_base", True),
        ("gpt-oss:20b", "o200k_base", True),
        ("ft:gpt-4o-mini-2024-07-18:lab::1", "o200k_base", True),
        ("gpt-4", "cl100k_base", True),
        ("gpt-4-turbo", "cl100k_base", True),
        ("gpt-3.5-turbo-0125", "cl100k_base", True),
        ("text-embedding-3-small", "cl100k_base", True),
        ("claude-haiku-5-5", "o200k_base", False),
        ("ollama:llama3.2", "o200k_base", False),
        ("my-local-o1ish-model", "o200k_base", False),
        ("o1ish", "o200k_base", False),
        ("", "o200k_base", False),
    ],
)
def test_a_model_has_its_encoding_or_the_nearest(model, encoding, is_own):
    assert encoding_of(model) == (encoding, is_own)


def test_your_own_tokenizer_is_exact():
    tokenizer = TokenizerGateway("mine", encoder=Bytes())
    assert tokenizer.encode("hé") == [104, 195, 169]
    assert tokenizer.decode([104, 195, 169]) == "hé"
    assert (tokenizer.count("hé"), tokenizer.is_estimate) == (3, False)


@given(text=ANY_TEXT.map(lambda text: text + "hello <|endoftext|> world"))
def test_a_tiktoken_encoding_of_your_own_takes_any_text(text):
    tokenizer = TokenizerGateway("tiny", encoder=TINY)
    tokens = tokenizer.encode(text * 50)
    assert tokenizer.decode(tokens) == text * 50
    assert 259 in tokens
    assert 300 not in tokens


def test_a_number_that_is_no_token_of_yours_is_refused():
    with pytest.raises(errors.BadArgument, match="tokens of tiny"):
        TokenizerGateway("tiny", encoder=TINY).decode([10**6])


PACKAGE = """
class Encoding:
    def encode_ordinary(self, text): return list(text.encode())
    def decode(self, tokens): return bytes(tokens).decode()

def get_encoding(name): return Encoding()
"""


def test_bpe_openai_is_used_where_it_is_installed(tmp_path):
    (tmp_path / "bpe_openai.py").write_text(PACKAGE)
    statement = (
        "from mojentic_nb import TokenizerGateway as T; t = T('gpt-4o'); "
        "print(t.encode('hi'), t.decode([104, 105]), t.how, t.is_estimate)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", statement],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert ran.stdout.strip() == "[104, 105] hi o200k_base, by bpe_openai False", ran.stderr


@pytest.mark.parametrize("call", ["encode", "count"])
def test_only_text_has_tokens(call):
    with pytest.raises(errors.BadArgument, match="must be a str, not bytes"):
        getattr(TokenizerGateway("mine", encoder=Bytes()), call)(b"hi")


# Counts.


def test_counts_add_up_and_stay_honest():
    exact = TokenCount(2, how="ranks")
    rough = TokenCount(3, how="estimated", is_estimate=True)
    assert exact + 1 == 3
    assert not (exact + exact).is_estimate
    total = sum([exact, rough])
    assert (total, total.is_estimate, total.how) == (5, True, "estimated")
    total = sum([rough, exact])
    assert (total, total.is_estimate, total.how) == (5, True, "estimated")


@pytest.mark.parametrize("twin", [copy.copy, lambda count: pickle.loads(pickle.dumps(count))])
def test_a_count_survives_copying(twin):
    found = twin(TokenCount(3, how="estimated", is_estimate=True))
    assert (found, found.how, found.is_estimate) == (3, "estimated", True)


def counted(*messages: LLMMessage, tools: object = ()) -> int:
    """Tokens of a request, a byte of text being one."""
    return int(TokenizerGateway("mine", encoder=Bytes()).count_messages(messages, tools=tools))


def test_a_request_is_more_than_its_text():
    assert counted(LLMMessage(content="hello")) == 5 + 4 + 3
    assert counted(LLMMessage(content="hello"), LLMMessage.assistant("you")) == 5 + 3 + 8 + 3


def test_calls_and_their_arguments_count():
    call = LLMToolCall(id="1", name="look", arguments={"where": "x" * 500})
    asked = LLMMessage(role=MessageRole.Assistant, tool_calls=[call])
    told = LLMMessage.tool("found", call=call)
    assert counted(asked) > 500
    assert counted(told) < 50, "a result names its call and does not repeat it"


def test_a_call_that_was_no_json_counts_as_it_was_written():
    call = LLMToolCall(name="look", malformed="y" * 300)
    assert counted(LLMMessage(role=MessageRole.Assistant, tool_calls=[call])) > 300


@pytest.mark.parametrize(
    "message, least",
    [
        (LLMMessage(image_paths=["a.png", "b.png"]), 3200),
        (LLMMessage(parts=(ImagePart(url="https://example.org/a.png"),)), 1600),
        (LLMMessage(parts=(DocumentPart(media_type="text/plain", text="z" * 900),)), 900),
        (LLMMessage(parts=(DocumentPart(media_type="application/pdf", data="QUJD"),)), 3000),
        (
            LLMMessage(parts=(DocumentPart(media_type="application/pdf", data="QUJD" * 40_000),)),
            9000,
        ),
        (LLMMessage(role=MessageRole.Assistant, thinking="t" * 700, content="a"), 700),
    ],
)
def test_what_is_no_text_counts_too(message, least):
    assert least <= counted(message) <= least + 30


@pytest.mark.parametrize(
    "tool",
    [
        ToolSpec(name="look", description="d" * 200, parameters={"type": "object"}),
        ResolveDateTool(),
    ],
)
def test_tools_count(tool):
    assert counted(LLMMessage(content="hi"), tools=[tool]) > counted(LLMMessage(content="hi")) + 100


def test_what_is_no_message_is_refused():
    with pytest.raises(errors.BadArgument, match=r"messages\[1\] is dict"):
        TokenizerGateway().count_messages([LLMMessage(content="hi"), {"content": "hi"}])


def test_nothing_said_is_still_a_request():
    assert TokenizerGateway().count_messages([]) > 0
    assert TokenizerGateway().count_messages("hi").is_estimate


# Long texts.


@given(text=st.text(alphabet="a \n/é。", max_size=60).map(lambda text: text * 300))
def test_a_cut_text_joins_again(text):
    pieces = list(cut(text))
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= PIECE


PATHOLOGICAL = {
    "one letter": "a" * MEGABYTE,
    "blanks": " " * MEGABYTE,
    "lines": "\n" * MEGABYTE,
    "marks": "-=" * (MEGABYTE // 2),
    "signs upon letters": "कि" * (MEGABYTE // 2),
    "emoji": "🎉" * MEGABYTE,
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_a_megabyte_of_anything_is_estimated(name):
    found = TokenizerGateway().count(PATHOLOGICAL[name])
    assert 1000 < found <= 3 * MEGABYTE
