"""What `%llm?` and `--help` show of each magic.

Law: words and nothing else; the flags are those of `options.py`.
"""

from __future__ import annotations

from mojentic_nb.magics.arguments import usage
from mojentic_nb.magics.options import ASK, CHAT, COMPARE, COST, FIX, HISTORY, STRUCTURED, TRACE

__all__ = ["MANUAL"]

# By the names of the functions.
MANUAL = {
    "llm": usage(
        [
            "Ask, and show the answer as it comes.",
            "",
            "  %llm [flags] prompt      one line; also in loops, and as  x = %llm ...",
            "  %%llm [flags]            the cell below is the prompt",
            "",
            "{name}, {name.attr} and {name[key]} in the prompt are the notebook's variables.",
            "The reply is in _ and in _llm. Later prompts follow up on earlier ones.",
        ],
        ASK,
    ),
    "llm_fix": usage(
        [
            "Explain the notebook's last error, and show a corrected cell.",
            "",
            "  %llm_fix [flags] [what else to say]",
            "  %llm_fix --code          the corrected cell comes next, not run",
            "",
            "The failed cell and the error are sent, shortened, without keys.",
        ],
        FIX,
    ),
    "structured": usage(
        [
            "Ask for an object, and put it into a variable.",
            "",
            "  %%structured TYPE [flags]    the cell below is the text to read",
            "",
            "TYPE is a class of this notebook, list[Person], or a line of fields such as",
            "name, age int, tags list[str]. A list becomes a DataFrame. The conversation",
            "so far is not sent.",
        ],
        STRUCTURED,
    ),
    "compare": usage(
        [
            "Ask several models the same, and show their answers side by side.",
            "",
            "  %compare -m demo,ollama:llama3.2 [flags] prompt",
            "  %%compare -m demo,ollama:llama3.2 -o r    the cell below is the prompt",
            "",
            "A line of --- parts a cell into several prompts. What comes of it is in _ and,",
            "with -o r, in r: r.summary(), r.pairs(), r.df, r.plot.forest(), r.vote().",
        ],
        COMPARE,
    ),
    "traced": usage(
        [
            "Show what happened: calls, tools, and how long each took.",
            "",
            "  %trace                   the last cell in which anything was called",
            "  %trace all               everything",
            "  %trace cell 7            one cell",
            "  %trace session [NAME]    this conversation, or another",
            "  %trace ID                a trace, by its id or that of any call in it",
            "  %trace plot latency      a chart: ttft, speed, tokens, cost, tools, errors,",
            "                           timeline, context, agents, concurrency",
            "  %trace dashboard         six of them",
            "  %trace widget            to zoom, filter and open, as %trace takes words",
            "  %trace store PATH        keep it in a file; auto: .mojentic/trace.db; none: memory",
            "  %trace on | off          from now on",
            "",
            "In Python it is mojentic_nb.current_tracer(), with frames such as calls_df.",
        ],
        TRACE,
    ),
    "cost": usage(
        [
            "Show what the calls of this notebook came to, and what the budget leaves.",
            "",
            "  %cost                by model",
            "  %cost --by cell      or by session: each conversation",
            "",
            "A price that nobody knows is an en dash, and never 0.",
        ],
        COST,
    ),
    "llm_history": usage(
        [
            "Give the conversation as a DataFrame, one message a row.",
            "",
            "  %llm_history                     this conversation",
            "  said = %llm_history --all        every call, whatever made it",
        ],
        HISTORY,
    ),
    "llm_chat": usage(
        [
            "Show the conversation, or go on with another one.",
            "",
            "  %llm_chat                 its turns, and what fills the model's window",
            "  %llm_chat NAME            go on with a named one, or begin it; it is kept in",
            "                            .mojentic/sessions.db, and back after a restart",
            "  %llm_chat notebook        back to the one without a name",
            "  %llm_chat list            all there are",
            "  %llm_chat fork NAME       go on with a copy, and leave this one as it is",
            "  %llm_chat rename NAME     name it, or name it anew; kept from now on",
            "  %llm_chat delete NAME     forget a named one for good",
            "  %llm_chat undo [COUNT]    take back the last turn, or several",
            "  %llm_chat edit N [TEXT]   ask turn N anew; without a text, in the next cell",
            "  %llm_chat branches        how it went on before it was edited",
            "  %llm_chat switch ID       go on with a branch",
            "  %llm_chat clear           forget what was said",
            "  %llm_chat export FILE     write it down: .md, .html, .ipynb or .jsonl",
            "  %llm_chat rebuild [FILE]  read it from the notebook's saved cells",
            "  %llm_chat widget          type into it; cells and widget share what is said",
            "",
            "A cell that runs again takes the place of what it said before.",
        ],
        CHAT,
    ),
}
