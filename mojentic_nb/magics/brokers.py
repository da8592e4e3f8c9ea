"""The brokers of one kernel: made from the settings, and made anew when these change.

Law: a policy is handed to a broker only where it is set, so that nothing of it is even
imported otherwise. The session has one budget, which all its brokers share.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mojentic_nb import preferences
from mojentic_nb.magics.settings import Settings, held
from mojentic_nb.preferences import Setting

if TYPE_CHECKING:
    from mojentic_nb.broker import LLMBroker
    from mojentic_nb.gateways.cassette import Cassette
    from mojentic_nb.hooks.budget import Budget
    from mojentic_nb.hooks.cache import ResponseCache
    from mojentic_nb.tools.consent import Consent

__all__ = ["Brokers", "SettledCassette"]

_FROM_ENVIRONMENT = {f"from {one}" for one in preferences.variables("cassette")}


class Brokers:
    """One broker per model and set of policies."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[tuple[Any, ...], LLMBroker] = {}
        self._budget: Budget | None = None
        self._caches: dict[Path, ResponseCache] = {}
        self._cassette = SettledCassette()
        self._consent: Consent | None = None

    def of(self, model: str) -> LLMBroker:
        """The broker of a model, under the policies that hold now."""
        from mojentic_nb.broker import LLMBroker
        from mojentic_nb.gateways.configured import configured, provider_of

        self._cassette.settle(held(self._settings, "cassette"), self._value("cassette_mode"))
        provider = provider_of(model)
        address = preferences.address(provider)
        policies = self._policies()
        key = (model, address, *((name, _told_apart(value)) for name, value in policies.items()))
        if key not in self._known:
            gateway = None if address is None else configured(provider)
            self._known[key] = LLMBroker(model, gateway, consent=self.consent, **policies)

        return self._known[key]

    @property
    def consent(self) -> Consent:
        """The session's: what was always allowed stays allowed, whichever model asks."""
        if self._consent is None:
            from mojentic_nb.tools.consent import Consent

            self._consent = Consent()

        return self._consent

    @property
    def budget(self) -> Budget | None:
        """The session's budget; what was spent stays spent when its bounds change."""
        usd, tokens = self._value("budget_usd"), self._value("budget_tokens")
        if usd is None and tokens is None:
            return None

        if self._budget is None:
            from mojentic_nb.hooks.budget import Budget

            self._budget = Budget(usd=usd, tokens=tokens)

        self._budget.usd, self._budget.tokens = usd, tokens
        return self._budget

    def forget(self) -> None:
        """Make everything anew when it is next needed."""
        self._known.clear()
        self._budget = None
        self._cassette.take_out()
        for cache in self._caches.values():
            cache.close()
        self._caches.clear()

    def _value(self, name: str) -> Any:
        return held(self._settings, name).value

    def _policies(self) -> dict[str, Any]:
        """Keyword arguments of a broker; none for what is not set."""
        found = {
            "timeout": self._value("timeout_s"),
            "deadline": self._value("deadline_s"),
            "fallback": self._value("fallback") or None,
            "budget": self.budget,
            "cache": self._cache(self._value("cache")),
        }
        return {name: value for name, value in found.items() if value is not None}

    def _cache(self, path: Path | None) -> ResponseCache | None:
        if path is None:
            return None

        path = path.absolute()
        if path not in self._caches:
            from mojentic_nb.hooks.cache import ResponseCache

            self._caches[path] = ResponseCache(path)

        return self._caches[path]


def _told_apart(value: Any) -> Any:
    """A policy's value as part of a key: plain values by value, objects by identity."""
    return value if isinstance(value, float | tuple) else id(value)


class SettledCassette:
    """The cassette that the settings name, standing wherever `%llm_cassette` put none."""

    def __init__(self) -> None:
        self._ours: Cassette | None = None
        self._wanted: tuple[Path, str] | None = None

    def settle(self, setting: Setting, mode: str | None) -> None:
        """Put the named cassette in, unless it is, or somebody put in another.

        Raises:
            BadArgument: The file cannot be a cassette.
            CassetteError: It is none, or damaged.
        """
        if setting.value is None and self._wanted is None:
            return

        from mojentic_nb.gateways import cassette_scope

        wanted = None if setting.value is None else (setting.value.absolute(), mode or "auto")
        # The environment's is found by every call itself, in notebooks and without.
        if setting.origin in _FROM_ENVIRONMENT:
            wanted = None
        if wanted == self._wanted:
            return

        self.take_out()
        if wanted is not None and cassette_scope.standing() is None:
            from mojentic_nb.gateways.cassette import Cassette

            self._ours, self._wanted = Cassette(wanted[0], mode=wanted[1]), wanted
            cassette_scope.stand(self._ours)

    def take_out(self) -> None:
        """Take it out again, if it is still in."""
        from mojentic_nb.gateways import cassette_scope

        ours = self._ours
        if ours is not None and cassette_scope.standing() is ours:
            cassette_scope.stand(None)
            ours.close()

        self._ours = self._wanted = None
