"""Exact tokens, compared with tiktoken's own over the real ranks.

Law: these need the ranks (tests/ranks.py) and are skipped, saying so, where there are none.
"""

from __future__ import annotations

import pytest
import tiktoken
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mojentic_nb import errors
from mojentic_nb.tokens import TokenizerGateway
from mojentic_nb.tokens.ranks import ENCODINGS, SEAM, cache_path
from tests.house.source import ROOT
from tests.ranks import HOW_TO_GET_THEM, find
from tests.test_tokens import ANY_TEXT, BOTH, MEGABYTE, PATHOLOGICAL, SAMPLES


@pytest.fixture
def ranks(monkeypatch):
    """tiktoken's cache with the real ranks in it."""
    folder = find()
    if folder is None:
        pytest.skip(HOW_TO_GET_THEM)

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
    return folder


WITH_RANKS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def prose() -> str:
    """English as it stands in this project."""
    return (ROOT / "README.md").read_text(encoding="utf-8") * 3


@pytest.mark.parametrize("name", PATHOLOGICAL)
@BOTH
@pytest.mark.usefixtures("ranks")
def test_a_megabyte_of_anything_is_counted(encoding, name):
    found = TokenizerGateway(encoding).count(PATHOLOGICAL[name])
    assert not found.is_estimate
    assert 1000 < found <= 3 * MEGABYTE


@BOTH
@pytest.mark.usefixtures("ranks")
def test_the_patterns_are_tiktokens(encoding):
    assert ENCODINGS[encoding].pattern == tiktoken.get_encoding(encoding)._pat_str


@BOTH
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.usefixtures("ranks")
def test_the_samples_are_counted_as_written_down(encoding, name):
    text, old, new = SAMPLES[name]
    found = TokenizerGateway(encoding).count(text)
    assert (found, found.is_estimate) == (old if encoding == "cl100k_base" else new, False)


@BOTH
@given(text=ANY_TEXT)
@WITH_RANKS
def test_what_is_encoded_comes_back(ranks, encoding, text):
    tokenizer = TokenizerGateway(encoding)
    tokens = tokenizer.encode(text)
    assert tokenizer.decode(tokens) == text
    assert tokens == tiktoken.get_encoding(encoding).encode_ordinary(text)
    assert tokenizer.count(text) == len(tokens)


@BOTH
@given(one=ANY_TEXT, other=ANY_TEXT)
@WITH_RANKS
def test_counts_add_up_but_for_the_seam(ranks, encoding, one, other):
    count = TokenizerGateway(encoding).count
    assert abs(count(one + other) - count(one) - count(other)) <= max(4, len(one + other) // 2)
    assert (count(one) == 0) == (one == "")


@BOTH
@given(
    words=st.lists(st.text(alphabet="aZ9'/.é。", min_size=1, max_size=99), min_size=1, max_size=40)
)
@WITH_RANKS
def test_cutting_at_blanks_changes_no_count(ranks, encoding, words):
    text = f"{' '.join(words)} " * 100 + "".join(f"\nx{word}" for word in words) * 100
    real = tiktoken.get_encoding(encoding).encode_ordinary(text)
    assert TokenizerGateway(encoding).encode(text) == real


@BOTH
@pytest.mark.usefixtures("ranks")
def test_this_projects_words_are_counted_exactly(encoding):
    text = prose()
    real = tiktoken.get_encoding(encoding).encode_ordinary(text)
    assert TokenizerGateway(encoding).encode(text) == real


@BOTH
@pytest.mark.usefixtures("ranks")
def test_a_special_token_is_text(encoding):
    tokenizer = TokenizerGateway(encoding)
    text = "a <|endoftext|> b"
    assert len(tokenizer.encode(text)) > 5
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.usefixtures("ranks")
def test_another_familys_tokens_are_only_near():
    tokenizer = TokenizerGateway("claude-haiku-5-5")
    assert tokenizer.how == "o200k_base, by tiktoken, the nearest to claude-haiku-5-5"
    assert tokenizer.count("hello").is_estimate
    assert tokenizer.encode("hello") != []


@pytest.mark.parametrize("tokens", [[10**9], [-1], ["a"]])
@pytest.mark.usefixtures("ranks")
def test_a_number_that_is_no_token_is_refused(tokens):
    with pytest.raises(errors.BadArgument, match="cl100k_base"):
        TokenizerGateway().decode(tokens)


@pytest.mark.usefixtures("ranks")
def test_fetching_what_is_there_goes_nowhere():
    assert TokenizerGateway().fetch().count("hello") == 1


@BOTH
@given(text=st.text(alphabet=" \n\r\ta'9/.é。", max_size=30))
@WITH_RANKS
def test_a_seam_is_where_the_tokenizer_cuts_too(ranks, encoding, text):
    encode = tiktoken.get_encoding(encoding).encode_ordinary
    for place in [seam.start() for seam in SEAM.finditer(text)]:
        assert encode(text[:place]) + encode(text[place:]) == encode(text)


def test_ranks_are_seen_as_soon_as_they_are_there(ranks, monkeypatch, tmp_path):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    tokenizer = TokenizerGateway()
    assert tokenizer.is_estimate
    path = cache_path("cl100k_base")
    path.write_bytes(b"half of it")
    assert tokenizer.is_estimate
    path.write_bytes((ranks / path.name).read_bytes())
    assert not tokenizer.is_estimate
