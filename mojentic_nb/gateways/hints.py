"""What to do about an error, where a provider has no better advice of its own.

Law: pure words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mojentic_nb.errors import GatewayDenied, GatewayError, GatewayUnreachable, ModelNotFound
from mojentic_nb.gateways.failures import is_loopback
from mojentic_nb.gateways.wire import address

if TYPE_CHECKING:
    from mojentic_nb.gateways.gateway import LLMGateway

__all__ = ["usual_hint"]

# Where the status alone says it.
_OF_STATUS = {
    400: "The request itself is refused: look at the options and messages.",
    413: "The prompt is too long for this server: shorten it.",
    429: "Wait a little, or check the quota of your account.",
    500: "The server itself is in trouble: look at its log, or ask again later.",
    529: "The provider is overloaded: ask again later.",
}


def usual_hint(error: GatewayError, gateway: LLMGateway) -> str:
    """What to do about an error, with any provider."""
    if isinstance(error, GatewayUnreachable):
        return _where(gateway.url)
    if isinstance(error, GatewayDenied):
        return f"Check {gateway.key_variable or 'the key'}."
    if isinstance(error, ModelNotFound):
        where = f" Is {address(gateway.url)} the whole address?" if gateway.has_own_url else ""
        return f"See what there is with %llm_models {gateway.name}.{where}"
    if error.retry_after_s:
        return f"Ask again in {error.retry_after_s:.0f} s: the server wants no call before."

    status = error.status or 500
    return _OF_STATUS.get(status) or _OF_STATUS[500 if status >= 500 else 400]


def _where(url: str) -> str:
    if is_loopback(url):
        return "Start the server there, or carry on offline with model 'demo'."

    return "Check the address and the network, or carry on offline with model 'demo'."
