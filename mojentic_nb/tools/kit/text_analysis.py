"""How much text there is, and of what words.

Law: Unicode throughout: a word is letters with their marks and digits; a Chinese or
Japanese character counts as a word, since nothing else parts them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import groupby
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["TextAnalysis", "TextAnalyzeTool", "WordCount"]

# Brysbaert 2019, over 190 studies: 238 words a minute, silently, English non-fiction.
WORDS_A_MINUTE = 238

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？]+")
# Hiragana, katakana, and the ideographs of the first three planes.
_ALONE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


class WordCount(TypedDict):
    """A word, in small letters, and how often it is there."""

    word: str
    count: int


class TextAnalysis(TypedDict):
    """What is told of a text."""

    characters: int
    characters_without_spaces: int
    utf8_bytes: int
    words: int
    different_words: int
    sentences: int
    paragraphs: int
    lines: int
    letters_a_word: float
    words_a_sentence: float
    reading_minutes: float
    frequent_words: list[WordCount]


class TextAnalyzeTool(KitTool):
    """Counts what is in a text."""

    tool_name = "text_analyze"
    facts = Facts(
        category="text",
        examples=(Example(arguments={"text": "To be, or not to be. That is the question."}),),
        guidance="Give the text itself, not the name of a file.",
    )

    def run(
        self,
        text: str,
        *,
        frequent: Annotated[int, Field(ge=0, le=200)] = 10,
        shortest: Annotated[int, Field(ge=1)] = 1,
    ) -> TextAnalysis:
        """Count a text's characters, words, sentences and lines, and find its frequent words.

        Args:
            text: The text.
            frequent: How many of the most frequent words to list.
            shortest: Letters the listed words have at least.
        """
        most = self.policy.limits.read_bytes
        if len(text) > most:
            raise ToolError(f"The text has {len(text)} characters; {most} are allowed.")

        words = _words(text)
        sentences = _sentences(text)
        counted = Counter(word for word in words if len(word) >= shortest)
        return {
            "characters": len(text),
            "characters_without_spaces": sum(not one.isspace() for one in text),
            "utf8_bytes": len(text.encode("utf-8", "surrogatepass")),
            "words": len(words),
            "different_words": len(set(words)),
            "sentences": sentences,
            "paragraphs": sum(bool(part.strip()) for part in re.split(r"\n[ \t]*\n", text)),
            "lines": len(text.removesuffix("\n").split("\n")) if text else 0,
            "letters_a_word": round(sum(map(len, words)) / max(len(words), 1), 2),
            "words_a_sentence": round(len(words) / max(sentences, 1), 2),
            "reading_minutes": round(len(words) / WORDS_A_MINUTE, 2),
            "frequent_words": [
                {"word": word, "count": count} for word, count in counted.most_common(frequent)
            ],
        }


def _words(text: str) -> list[str]:
    composed = unicodedata.normalize("NFC", text).casefold()
    runs = groupby(_ALONE.sub(r" \g<0> ", composed), _is_of_word)
    joined = ("".join(run).strip("'’-") for is_word, run in runs if is_word)
    return [word for word in joined if any(map(str.isalnum, word))]


def _is_of_word(one: str) -> bool:
    return one in "'’-" or unicodedata.category(one)[0] in "LMN"


def _sentences(text: str) -> int:
    parts = _SENTENCE_END.split(text)
    return sum(any(map(str.isalnum, part)) for part in parts)
