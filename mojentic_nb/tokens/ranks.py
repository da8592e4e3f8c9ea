"""Which encoding a model has, and where its exact ranks are.

Law: looking never downloads. Ranks are read from tiktoken's cache when they are there
and whole, else from the `bpe_openai` package when it is installed; else there are none.
Only `download`, which a person has to ask for, touches the network.
"""

from __future__ import annotations

import base64
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1, sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from mojentic_nb.errors import BadArgument, GatewayGarbled, GatewayUnreachable

__all__ = [
    "ENCODINGS",
    "Encoder",
    "Encoding",
    "OrdinaryEncoder",
    "cut",
    "download",
    "encoding_of",
    "exact",
]


class Encoder(Protocol):
    """What turns text into tokens and back."""

    def encode(self, text: str, /) -> Sequence[int]:
        """The tokens of a text."""

    def decode(self, tokens: Sequence[int], /) -> str:
        """The text of these tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """One of OpenAI's published encodings.

    Attributes:
        url: Where tiktoken gets its ranks.
        sha256: Of that file.
        pattern: Cuts a text into the pieces that are merged each by itself.
    """

    url: str
    sha256: str
    pattern: str


_BIG, _SMALL = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_TAIL = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_FOLDER = "https://openaipublic.blob.core.windows.net/encodings"

# From tiktoken 0.14, tiktoken_ext/openai_public.py. Held here so that a newer tiktoken,
# whose files may lie elsewhere, cannot turn a look into a download.
ENCODINGS = {
    "cl100k_base": Encoding(
        url=f"{_FOLDER}/cl100k_base.tiktoken",
        sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        pattern=(
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
            r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
        ),
    ),
    "o200k_base": Encoding(
        url=f"{_FOLDER}/o200k_base.tiktoken",
        sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        pattern=(
            rf"[^\r\n\p{{L}}\p{{N}}]?[{_BIG}]*[{_SMALL}]+{_TAIL}"
            rf"|[^\r\n\p{{L}}\p{{N}}]?[{_BIG}]+[{_SMALL}]*{_TAIL}|\p{{N}}{{1,3}}"
            r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        ),
    ),
}
NEAREST = "o200k_base"

_END = r"(?=$|[-.:])"
_NEW = r"gpt-4o|chatgpt-4o|gpt-4\.[15]|gpt-5|gpt-oss|o[134]|codex-mini|computer-use"
_OLD = r"gpt-4|gpt-3\.5|gpt-35|text-embedding-3|text-embedding-ada|davinci-002|babbage-002"
_OWN = (
    (re.compile(rf"(?:{_NEW}){_END}"), "o200k_base"),
    (re.compile(rf"(?:{_OLD}){_END}"), "cl100k_base"),
)


def encoding_of(model: str) -> tuple[str, bool]:
    """The encoding of a model, or of an encoding's own name.

    Returns:
        Its name, and whether it is the model's own; else it is the nearest one we have.
    """
    name = model.removeprefix("openai:").removeprefix("ft:")
    if name == "o200k_harmony":  # o200k_base with more special tokens
        return "o200k_base", True
    if name in ENCODINGS:
        return name, True

    found = (encoding for pattern, encoding in _OWN if pattern.match(name))
    own = next(found, "")
    return own or NEAREST, bool(own)


def cache_path(encoding: str) -> Path | None:
    """Where tiktoken keeps these ranks; `None` where its cache is switched off."""
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    if folder is None:
        folder = str(Path(tempfile.gettempdir(), "data-gym-cache"))
    if not folder:
        return None

    return Path(folder, sha1(ENCODINGS[encoding].url.encode()).hexdigest())


def exact(encoding: str) -> tuple[Encoder, str] | None:
    """What encodes exactly, and how to call it; `None` where there are no ranks here."""
    path = cache_path(encoding)
    if path is not None and path.is_file():
        known = path.stat()
        if found := _from_cache(encoding, path, (known.st_mtime_ns, known.st_size)):
            return found, f"{encoding}, by tiktoken"

    if packaged := _from_package(encoding):
        return packaged, f"{encoding}, by bpe_openai"

    return None


class OrdinaryEncoder:
    """A tokenizer that knows no special tokens: `<|endoftext|>` is text like any other."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def encode(self, text: str, /) -> list[int]:
        """The tokens of a text, cut first: its patterns overflow on a megabyte of blanks."""
        encode = self._inner.encode_ordinary
        return [token for piece in cut(text) for token in encode(piece)]

    def decode(self, tokens: Sequence[int], /) -> str:
        """The text of these tokens; half a character becomes U+FFFD."""
        return str(self._inner.decode(list(tokens)))


# One entry for each encoding and state of its file: a fetched file is seen at once, and
# 3.6 MB are read and merged once in a process, not once in a gateway.
@lru_cache(maxsize=4)
def _from_cache(encoding: str, path: Path, _state: tuple[int, int]) -> Encoder | None:
    known = ENCODINGS[encoding]
    try:
        data = path.read_bytes()
    except OSError:
        return None

    # tiktoken would remove a damaged file and download it anew.
    if sha256(data).hexdigest() != known.sha256:
        return None

    import tiktoken

    return OrdinaryEncoder(
        tiktoken.Encoding(
            encoding, pat_str=known.pattern, mergeable_ranks=dict(_ranks(data)), special_tokens={}
        )
    )


def _ranks(data: bytes) -> Iterator[tuple[bytes, int]]:
    for line in data.splitlines():
        token, _, rank = line.partition(b" ")
        yield base64.b64decode(token), int(rank)


@lru_cache(maxsize=4)
def _from_package(encoding: str) -> Encoder | None:
    try:
        package = import_module("bpe_openai")
    except ImportError:
        return None

    return OrdinaryEncoder(package.get_encoding(encoding))


# Longer texts are cut: the pattern of o200k_base overflows its stack somewhere above
# 100 000 blanks (tiktoken 0.14), and older tiktokens need the square of a word's length.
PIECE = 4000

# Where the patterns always cut by themselves, so cutting there is exact. It is looked for
# in the last so many characters of a piece.
REACH = 500
SEAM = re.compile(r"(?<=\S)(?= )|(?<=\n)(?=[^\s/])")


def cut(text: str) -> Iterator[str]:
    """Cut a text into pieces of at most `PIECE` characters that join to it again.

    Cuts lie where the tokenizer cuts too; only a run of `REACH` characters without such
    a place is cut anywhere, which may count a token more.
    """
    start = 0
    while len(text) - start > PIECE:
        window = text[start : start + PIECE + 1]
        places = [seam.start() for seam in SEAM.finditer(window, PIECE - REACH)]
        end = places[-1] if places else PIECE
        yield text[start : start + end]
        start += end

    yield text[start:]


def download(encoding: str) -> None:
    """Let tiktoken fetch ranks into its cache; asked for by a person, never by us.

    Raises:
        BadArgument: tiktoken's cache is switched off, so nothing would be kept.
        GatewayUnreachable: The file's server does not answer.
        GatewayGarbled: It sent another file.
    """
    if cache_path(encoding) is None:
        raise BadArgument(
            "TIKTOKEN_CACHE_DIR is empty, which switches tiktoken's cache off.",
            hint="Give it a folder, or take it away.",
        )

    from tiktoken.load import read_file_cached

    known = ENCODINGS[encoding]
    try:
        read_file_cached(known.url, known.sha256)
    except OSError as problem:
        raise GatewayUnreachable(
            f"The ranks of {encoding} cannot be fetched from {known.url}: {problem}.",
            hint="Copy the file into TIKTOKEN_CACHE_DIR by hand, or install bpe-openai.",
        ) from None
    except ValueError as problem:
        raise GatewayGarbled(f"The ranks of {encoding} came damaged: {problem}.") from None
