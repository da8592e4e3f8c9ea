"""Tokens: counted exactly where this machine can, estimated with a label elsewhere.

Law: nothing here downloads unless it is told to.
"""

from __future__ import annotations

from mojentic_nb.tokens.tokenizer import TokenCount, TokenizerGateway

__all__ = ["TokenCount", "TokenizerGateway"]
