"""What a call of a model used, in the provider's own count.

Law: a number nobody told is `None`, never 0.
"""

from __future__ import annotations

from mojentic_nb.quick import quick

__all__ = ["Usage"]


@quick(kw_only=True)
class Usage:
    """Tokens a call used, as the provider counted them; `None` where it did not say.

    Attributes:
        input_tokens: Tokens read, cached ones included.
        output_tokens: Tokens written, reasoning included.
        cached_tokens: Part of the input that came from the provider's cache.
        reasoning_tokens: Part of the output that was reasoning.
        cache_write_tokens: Part of the input that was written to the provider's cache.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_write_tokens: int | None = None

    @property
    def total_tokens(self) -> int | None:
        """Input and output together; `None` unless both are known."""
        if self.input_tokens is None or self.output_tokens is None:
            return None

        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        """Add two calls; an unknown part counts as none where the other is known."""
        return Usage(
            input_tokens=_sum(self.input_tokens, other.input_tokens),
            output_tokens=_sum(self.output_tokens, other.output_tokens),
            cached_tokens=_sum(self.cached_tokens, other.cached_tokens),
            reasoning_tokens=_sum(self.reasoning_tokens, other.reasoning_tokens),
            cache_write_tokens=_sum(self.cache_write_tokens, other.cache_write_tokens),
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
