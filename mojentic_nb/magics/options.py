"""The flags there are, and which magic takes which.

Law: a table and nothing else; `arguments.py` reads lines by it, `completion.py` offers it,
`usage` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ASK",
    "CHARTS",
    "CHAT",
    "CHAT_WORDS",
    "COMPARE",
    "COST",
    "FIX",
    "FORMATS",
    "HISTORY",
    "STRUCTURED",
    "TRACE",
    "TRACE_WORDS",
    "Option",
]

# How a reply may be shown; the reply itself stays whole.
FORMATS = ("md", "text", "json", "html", "math", "code")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One flag; `value` names what it takes, or is empty for a switch."""

    name: str
    short: str = ""
    also: str = ""
    value: str = ""
    about: str

    @property
    def spellings(self) -> tuple[str, ...]:
        """As it may be typed, the short form first."""
        short = (f"-{self.short}",) if self.short else ()
        return (*short, *(f"--{name}" for name in (self.name, self.also) if name))


_MODEL = Option(
    name="model", short="m", value="MODEL", about="such as demo, ollama:llama3.2, openai:gpt-5.4"
)
_SYSTEM = Option(name="system", short="s", value="TEXT", about="system message of this call")
_TEMPERATURE = Option(
    name="temperature", short="t", value="NUMBER", about="randomness, 0 (none) to 2"
)
_MAX_TOKENS = Option(name="max-tokens", value="COUNT", about="upper bound on the answer's tokens")
_TOOLS = Option(
    name="tools", value="F,G", about="functions of this notebook, or built-in tools, by name"
)
_NO_STREAM = Option(name="no-stream", about="show the answer when it is whole")
_FRESH = Option(
    name="fresh",
    also="no-history",
    about="neither send the conversation so far nor keep this turn",
)
_RAW = Option(name="raw", about="leave {names} in the text as they are")
_DRY_RUN = Option(name="dry-run", about="show what would be sent, and send nothing")
_IMAGE = Option(
    name="image",
    value="NAME",
    about="send an image: a figure or picture of this notebook, a path, an address, or last",
)
_FORMAT = Option(
    name="format", value="|".join(FORMATS), about="how the reply is shown; md is usual"
)
_CODE = Option(name="code", about="put the reply's code into the next cell, and never run it")
_CONTEXT = Option(name="context", value="COUNT", about="tell of so many earlier cells and results")
_PERSONA = Option(
    name="persona", short="p", value="NAME", about="system message by name: teacher, reviewer, ..."
)
_FILE = Option(name="file", value="PATH", about="a prompt file; the text of the cell follows it")
_TIMEOUT = Option(name="timeout", value="SECONDS", about="how long a server may be silent")
_OUT = Option(name="out", short="o", value="NAME", about="keep the result in this variable, too")
_DEBUG = Option(name="debug", about="show the whole traceback of a failure")
_QUIET = Option(name="quiet", short="q", about="show nothing")
_MATH = Option(name="math", about="dollar signs are mathematics, not money")
_FRAME = Option(name="frame", about="make a single object a DataFrame of one row")
_TREE = Option(name="tree", about="a tree in words in place of bars in time")
_PNG = Option(name="png", about="show it as a PNG, for places that show no HTML")
_STABLE = Option(name="stable", about="only what is the same at every run: no times, no prices")
_BY = Option(name="by", value="model|cell|session", about="what each row or bar stands for")
_SESSION = Option(
    name="session", value="NAME", about="another conversation, by its id or how it began"
)
_ALL = Option(name="all", about="every conversation, and calls that are in none")
_MODELS = Option(
    name="model", short="m", value="A,B", about="such as demo,ollama:llama3.2,openai:gpt-5.4"
)
_REPEATS = Option(name="repeats", short="n", value="COUNT", about="ask each so often")
_CHECK = Option(
    name="check",
    short="c",
    value="CHECK",
    about="contains:Paris, regex:…, equals:…, one_of:a,b, numeric:391, length:50 (words at"
    " most), or a function of this notebook; may be given several times",
)
_JUDGE = Option(name="judge", value="MODEL", about="a model that says which answer is better")
_KEY = Option(
    name="key", value="NAME", about="keep the answers; the same name again asks for what is new"
)
_HELP = Option(name="help", about="show this")

_SAYING = (_MODEL, _SYSTEM, _PERSONA, _TEMPERATURE, _MAX_TOKENS, _TIMEOUT)

ASK = (
    *(*_SAYING, _TOOLS, _IMAGE, _FILE, _CONTEXT, _OUT, _FORMAT, _CODE, _NO_STREAM, _FRESH),
    *(_RAW, _DRY_RUN, _QUIET, _MATH, _DEBUG, _HELP),
)
FIX = (*_SAYING, _OUT, _CODE, _NO_STREAM, _FRESH, _DRY_RUN, _QUIET, _DEBUG, _HELP)
STRUCTURED = (
    *(_OUT, _FRAME, *_SAYING, _TOOLS, _IMAGE, _NO_STREAM, _RAW, _DRY_RUN, _QUIET),
    *(_DEBUG, _HELP),
)
# What %trace takes besides an id, and the charts it draws.
TRACE_WORDS = ("all", "cell", "session", "plot", "dashboard", "widget", "store", "on", "off")
CHARTS = (
    *("latency", "ttft", "speed", "tokens", "cost", "tools", "errors"),
    *("timeline", "context", "agents", "concurrency"),
)
TRACE = (_TREE, _PNG, _STABLE, _BY, _OUT, _QUIET, _DEBUG, _HELP)
COST = (_BY, _OUT, _QUIET, _DEBUG, _HELP)
# What %llm_chat does besides going on with a name.
CHAT_WORDS = (
    *("list", "notebook", "fork", "rename", "delete", "undo", "edit", "branches"),
    *("switch", "clear", "export", "rebuild", "widget"),
)
CHAT = (_OUT, _DEBUG, _HELP)
COMPARE = (
    *(_MODELS, _OUT, _REPEATS, _CHECK, _JUDGE, _KEY, _SYSTEM, _PERSONA, _TEMPERATURE),
    *(_MAX_TOKENS, _TIMEOUT, _RAW, _QUIET, _DEBUG, _HELP),
)
HISTORY = (_OUT, _SESSION, _ALL, _DEBUG, _HELP)
