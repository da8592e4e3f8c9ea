"""What is reachable from here, which keys are set, and which versions are running.

Law: looks and tells, changes nothing, and never shows a key or a part of one. `examine`
asks the gateways, `described` and `listed` turn what they said into text; a provider
that does not answer is a finding, not a failure.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from typing import Any, Literal, Protocol

from mojentic_nb import preferences
from mojentic_nb.errors import BadArgument, MojenticError
from mojentic_nb.preferences import public_address

__all__ = ["Diagnosis", "Provider", "described", "examine", "listed"]

KeyState = Literal["set", "not set", "not needed"]

# The environment variable that holds a provider's key; the others need none.
KEY_NAMES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}

PACKAGES = ("mojentic-nb", "pydantic", "httpx2", "aiohttp", "ipython", "ipykernel", "jupyterlab")

# Longer lists are OpenAI's; `models` shows them whole.
MODELS_SHOWN = 5

# Characters of a setting's value; a system message may be a page.
VALUE_SHOWN = 60

MARKS = {True: "✓", False: "✗", None: "–"}


class Listing(Protocol):
    """What is asked of a gateway here."""

    @property
    def name(self) -> str:
        """What the provider is called."""

    @property
    def url(self) -> str:
        """The base address."""

    @property
    def has_key(self) -> bool:
        """Whether a key is set."""

    def get_available_models(self) -> list[str]:
        """The models the server offers."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """What one provider said.

    Attributes:
        answers: None when it was not asked, because its key is not set.
        problem: What happened, when it did not answer.
        hint: What to do about it.
    """

    name: str
    url: str
    key: KeyState
    answers: bool | None
    models: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Known:
    """One setting as text; empty where nothing is said."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Everything the doctor found.

    Attributes:
        default_model: What `ask()` would talk to now, such as `ollama:llama3.2`.
        cells_model: What `%llm` would, for it follows the settings and `ask()` does not.
        settings: What the magics start from, and where each value comes from.
        problems: What is wrong with a settings file or variable.
        versions: Version by package; None for one that is not installed.
    """

    default_model: str
    providers: tuple[Provider, ...]
    versions: dict[str, str | None]
    cells_model: str = ""
    settings: tuple[Known, ...] = ()
    problems: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return asdict(self)


def examine(gateways: Sequence[Listing] | None = None) -> Diagnosis:
    """Ask every provider once, and note what is installed.

    Args:
        gateways: Whom to ask; the four that are built in, configured from the
            environment, when left out.
    """
    providers = tuple(asked(gateway) for gateway in gateways or built_in())
    settings, problems = settings_now()
    usual = default_model()
    return Diagnosis(
        default_model=usual,
        cells_model=cells_model(usual, settings),
        providers=providers,
        versions=installed_versions(),
        settings=settings,
        problems=problems,
    )


def built_in() -> list[Listing]:
    """The gateways as the magics make them; as a plain broker does if a file is broken."""
    from mojentic_nb.gateways.choose import GATEWAYS
    from mojentic_nb.gateways.configured import configured

    try:
        return [configured(provider) for provider in GATEWAYS]
    except BadArgument:
        return [make() for make in GATEWAYS.values()]


def settings_now() -> tuple[tuple[Known, ...], tuple[str, ...]]:
    """Every setting with its origin, and what stands in the way of knowing some."""
    found: list[Known] = []
    problems: dict[str, None] = {}
    for name in preferences.names():
        try:
            setting = preferences.value(name)
        except BadArgument as problem:
            problems[str(problem)] = None
            continue
        found.append(Known(name=name, value=setting.text, origin=setting.origin))

    return tuple(found), tuple(problems)


def default_model(make: Callable[..., Any] | None = None) -> str:
    """The model a call without one takes; the reason in brackets when there is none.

    Args:
        make: Makes a provider's gateway, where that is not simply its class.
    """
    from mojentic_nb.gateways.choose import default_model

    try:
        return default_model(make)
    except MojenticError as error:
        return f"({error.message})"


def cells_model(usual: str, settings: Sequence[Known]) -> str:
    """The model `%llm` takes without `-m`: the settings', or what their addresses lead to.

    Args:
        usual: What is taken where no setting says otherwise.
        settings: All of them.
    """
    from mojentic_nb.gateways.choose import GATEWAYS
    from mojentic_nb.gateways.configured import configured

    named = next((one.value for one in settings if one.name == "model"), "")
    if named:
        return named

    try:
        is_elsewhere = any(preferences.address(provider) for provider in GATEWAYS)
    except BadArgument:
        return usual

    return default_model(configured) if is_elsewhere else usual


def asked(gateway: Listing) -> Provider:
    """One provider's answer; it is not asked when it needs a key and has none."""
    key = key_state(gateway)
    url = "" if gateway.name == "demo" else public_address(gateway.url)
    found = Provider(name=gateway.name, url=url, key=key, answers=None)
    if key == "not set":
        hint = f"Set {KEY_NAMES[gateway.name]} to use it."
        return replace(found, problem="No key is set.", hint=hint)

    try:
        models = tuple(gateway.get_available_models())
    except MojenticError as error:
        return replace(found, answers=False, problem=error.message, hint=error.hint)

    return replace(found, answers=True, models=models)


def key_state(gateway: Listing) -> KeyState:
    """Whether there is a key, which is all that is ever told about one."""
    if gateway.has_key:
        return "set"

    return "not set" if gateway.name in KEY_NAMES else "not needed"


def installed_versions() -> dict[str, str | None]:
    """Python's version and each package's, in the order people ask for them."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None

    return found


def described(diagnosis: Diagnosis) -> str:
    """The diagnosis as a person reads it."""
    lines = [f"A call without a model goes to {diagnosis.default_model}"]
    if diagnosis.cells_model not in ("", diagnosis.default_model):
        lines.append(f"In a notebook, %llm goes to {diagnosis.cells_model}")
    lines.append("")
    for provider in diagnosis.providers:
        lines.extend(provider_lines(provider))

    lines.extend(setting_lines(diagnosis))
    versions = [f"{name} {version or '–'}" for name, version in diagnosis.versions.items()]
    return "\n".join([*lines, "", " · ".join(versions)])


def setting_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """The settings, aligned, after what is wrong with them."""
    if diagnosis.settings or diagnosis.problems:
        yield ""
    for problem in diagnosis.problems:
        yield f"{MARKS[False]} {problem}"

    names = max((len(one.name) for one in diagnosis.settings), default=0)
    values = max((len(one_line(one.value)) for one in diagnosis.settings), default=0)
    for one in diagnosis.settings:
        yield f"  {one.name:<{names}}  {one_line(one.value):<{values}}  {one.origin}"


def one_line(value: str) -> str:
    """A value short enough for a table."""
    line = " ".join(value.split())
    return f"{line[: VALUE_SHOWN - 1]}…" if len(line) > VALUE_SHOWN else line or "–"


def provider_lines(provider: Provider) -> Iterator[str]:
    """One line of state, then the trouble and its remedy where there is one."""
    state = provider.problem or shortened(provider.models)
    line = f"{MARKS[provider.answers]} {provider.name:<10} key {provider.key:<11} {provider.url}"
    yield line.rstrip()
    yield f"    {state}"
    if provider.hint:
        yield f"    {provider.hint}"


def shortened(models: Sequence[str]) -> str:
    """A few models, and how many more there are.

    >>> shortened(["a", "b", "c", "d", "e", "f", "g"])
    'a, b, c, d, e and 2 more'
    """
    if not models:
        return "no models yet"

    shown = ", ".join(models[:MODELS_SHOWN])
    more = len(models) - MODELS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def listed(diagnosis: Diagnosis) -> str:
    """Every model of every provider that answers, spelled as `-m` takes it."""
    lines: list[str] = []
    for provider in diagnosis.providers:
        lines.extend(spelled(provider.name, model) for model in provider.models)
        if provider.problem:
            lines.append(f"# {provider.name}: {provider.problem} {provider.hint}".rstrip())

    return "\n".join(lines)


def spelled(provider: str, model: str) -> str:
    """A model as a broker takes it: `ollama:llama3.2`, but plain `demo`."""
    return model if model == provider else f"{provider}:{model}"
