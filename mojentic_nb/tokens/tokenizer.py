"""Counting tokens, exactly where that is possible and honestly elsewhere.

Law: making a tokenizer does nothing. Counting never fails and never downloads: without
ranks it estimates, and says so. Text is text, `<|endoftext|>` included.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Self

from pydantic_core import to_json

from mojentic_nb.errors import BadArgument, RanksMissing
from mojentic_nb.media import DocumentPart, Part
from mojentic_nb.messages import LLMMessage, MessageRole
from mojentic_nb.tokens.estimate import estimated
from mojentic_nb.tokens.ranks import Encoder, OrdinaryEncoder, download, encoding_of, exact

__all__ = ["TokenCount", "TokenizerGateway"]

# What a request costs besides its words. Messages and the start of the answer: OpenAI's
# cookbook, "How to count tokens"; calls and tools are about their JSON and a frame.
MESSAGE_TOKENS = 4
REPLY_TOKENS = 3
CALL_TOKENS = 6
TOOL_TOKENS = 8

# An image, whatever its size: the most that Anthropic's models up to 4.6 make of one
# (1568 pixels square); gpt-4o makes 765 of 1024 pixels square.
IMAGE_TOKENS = 1600

# A page of a PDF is read as text and as an image (Anthropic says 1500 to 3000 tokens of
# text alone); a page of a PDF is about this many bytes.
PAGE_TOKENS = 3000
PAGE_BYTES = 50_000


class TokenCount(int):
    """A number of tokens that knows how it was found; otherwise a plain `int`.

    Attributes:
        how: Such as `o200k_base, by tiktoken`.
        is_estimate: It may be some percent off.
    """

    how: str
    is_estimate: bool

    def __new__(cls, tokens: int, *, how: str = "", is_estimate: bool = False) -> Self:
        """Make a count."""
        count = super().__new__(cls, tokens)
        count.how = how
        count.is_estimate = is_estimate
        return count

    def __add__(self, other: int, /) -> TokenCount:
        rough = isinstance(other, TokenCount) and other.is_estimate
        how = other.how if isinstance(other, TokenCount) and rough else self.how
        return TokenCount(int(self) + int(other), how=how, is_estimate=self.is_estimate or rough)

    __radd__ = __add__

    def __repr__(self) -> str:
        return f"{'about ' * self.is_estimate}{int(self)} tokens ({self.how})"


class TokenizerGateway:
    """The tokenizer of a model, or the nearest there is.

    Exact where this machine has the ranks (tiktoken's cache, or the `bpe_openai`
    package) and the model is OpenAI's; for other models these ranks are only near, and
    without ranks tokens are estimated from the characters. Nothing is ever downloaded
    but by `fetch`.

    Args:
        model: A model (`gpt-5.4-mini`, `ollama:llama3.2`) or an encoding (`cl100k_base`,
            `o200k_base`).
        encoder: Your own tokenizer, with `encode` and `decode`, such as a
            `tiktoken.Encoding`; it is taken as the model's own.
    """

    def __init__(self, model: str = "cl100k_base", *, encoder: Encoder | None = None) -> None:
        self.model = model
        self.encoding, self._is_own = encoding_of(model)
        # A tiktoken.Encoding's own encode refuses text such as <|endoftext|>.
        is_special = hasattr(encoder, "encode_ordinary")
        self._given = OrdinaryEncoder(encoder) if is_special else encoder

    def __repr__(self) -> str:
        return f"TokenizerGateway({self.model!r}): {self.how}"

    @property
    def how(self) -> str:
        """How tokens are counted here and now."""
        return self._way()[1]

    @property
    def is_estimate(self) -> bool:
        """Whether counts are not exact."""
        return self._way()[2]

    def _way(self) -> tuple[Encoder | None, str, bool]:
        """What encodes, how to call it, and whether it is only near."""
        if self._given is not None:
            return self._given, f"{self.model}, by your encoder", False

        found = exact(self.encoding)
        if found is None:
            return None, f"estimated, as no ranks of {self.encoding} are here", True
        if not self._is_own:
            return found[0], f"{found[1]}, the nearest to {self.model}", True

        return *found, False

    def _encoder(self) -> Encoder:
        encoder = self._way()[0]
        if encoder is None:
            raise RanksMissing(
                f"The ranks of {self.encoding} are not on this machine, so its tokens have no "
                "numbers.",
                hint="Fetch them once with TokenizerGateway(…).fetch(), or install bpe-openai; "
                "count() works without.",
            )

        return encoder

    def encode(self, text: str) -> list[int]:
        """The tokens of a text; `<|endoftext|>` and its like are text.

        Raises:
            RanksMissing: The ranks are not on this machine; `fetch` gets them.
        """
        return list(self._encoder().encode(_text(text)))

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of these tokens.

        Raises:
            BadArgument: A number is no token.
            RanksMissing: The ranks are not on this machine; `fetch` gets them.
        """
        encoder = self._encoder()
        try:
            return encoder.decode(list(tokens))
        except (KeyError, OverflowError, TypeError, ValueError) as problem:
            raise BadArgument(f"These are not all tokens of {self.model}: {problem}.") from None

    def count(self, text: str) -> TokenCount:
        """How many tokens a text is; 0 only for no text."""
        encoder, how, is_estimate = self._way()
        if encoder is None:
            tokens = estimated(_text(text), encoding=self.encoding)
        else:
            tokens = len(encoder.encode(_text(text)))

        return TokenCount(tokens, how=how, is_estimate=is_estimate)

    def count_messages(
        self, messages: str | LLMMessage | Sequence[LLMMessage], *, tools: Iterable[Any] = ()
    ) -> TokenCount:
        """How many tokens a whole request is: texts, thoughts, calls, tools, images.

        Always an estimate: how a provider frames messages and tools is its own affair.
        An image counts 1600 whatever its size, a PDF 3000 for every 50 kB.

        Args:
            messages: As for a broker; images are not read, only counted.
            tools: Tools, or their specs.

        Raises:
            BadArgument: Something is no message.
        """
        said = _messages(messages)
        specs = [getattr(tool, "spec", tool) for tool in tools]
        texts = [text for message in said for text in _texts(message)]
        texts += [_json([spec.name, spec.description, spec.parameters]) for spec in specs]
        tokens = sum(int(self.count(text)) for text in texts)
        tokens += REPLY_TOKENS + sum(map(_frame, said)) + TOOL_TOKENS * len(specs)
        return TokenCount(tokens, how=f"{self.how}, with a request's frame", is_estimate=True)

    def fetch(self) -> Self:
        """Download the ranks into tiktoken's cache (`TIKTOKEN_CACHE_DIR`): 2 to 4 MB, once.

        Raises:
            GatewayUnreachable: Their server does not answer.
        """
        download(self.encoding)
        return self


def _text(text: str) -> str:
    if not isinstance(text, str):
        raise BadArgument(f"text must be a str, not {type(text).__name__}.")

    return text


def _messages(given: str | LLMMessage | Sequence[LLMMessage]) -> list[LLMMessage]:
    if isinstance(given, str):
        return [LLMMessage(content=str(given))]

    messages = [given] if isinstance(given, LLMMessage) else list(given)
    for position, message in enumerate(messages):
        if not isinstance(message, LLMMessage):
            raise BadArgument(
                f"messages[{position}] is {type(message).__name__}, not an LLMMessage."
            )

    return messages


def _texts(message: LLMMessage) -> list[str]:
    """The words of a message, wherever they stand."""
    texts = [message.content or "", message.thinking or ""]
    texts += [part.text for part in message.parts if isinstance(part, DocumentPart)]
    if message.role is MessageRole.Assistant:
        for call in message.tool_calls or ():
            texts += [call.name, call.malformed or _json(call.arguments)]

    return [text for text in texts if text]


def _frame(message: LLMMessage) -> int:
    """What a message costs besides its words."""
    calls = len(message.tool_calls or ()) * CALL_TOKENS
    images = len(message.image_paths or ()) * IMAGE_TOKENS
    return MESSAGE_TOKENS + calls + images + sum(map(_part, message.parts))


def _part(part: Part) -> int:
    if not isinstance(part, DocumentPart):
        return IMAGE_TOKENS

    # Base64 writes three bytes as four letters.
    return math.ceil(len(part.data) * 0.75 / PAGE_BYTES) * PAGE_TOKENS


def _json(value: Any) -> str:
    return to_json(value, fallback=str).decode()
