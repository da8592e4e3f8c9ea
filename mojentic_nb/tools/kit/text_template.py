"""Templates in Jinja2's language.

Law: rendered in a process of its own, in Jinja's sandbox, with a bound on time, memory
and length: a template may loop for ever, and is ended. It reaches its values and nothing
else: no file, no other template, no variable of ours.
"""

from __future__ import annotations

from typing import Any

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.child import in_child
from mojentic_nb.tools.extras import needed
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["TemplateRenderTool", "rendered"]


class TemplateRenderTool(KitTool):
    """Fills templates."""

    tool_name = "template_render"
    facts = Facts(
        category="text",
        examples=(
            Example(
                arguments={
                    "template": "Dear {{ name }},{% for one in things %}\n- {{ one }}{% endfor %}",
                    "values": {"name": "Ada", "things": ["tea", "cake"]},
                }
            ),
        ),
        guidance="Jinja2: {{ name }}, {% for x in list %}…{% endfor %}. Every name needs a value.",
        needs="tools",
    )

    def run(
        self, template: str, *, values: dict[str, Any] | None = None, escape_html: bool = False
    ) -> str:
        """Fill a Jinja2 template with values.

        Args:
            template: The template, such as "Hello {{ name }}!".
            values: A value for every name in it.
            escape_html: Whether values are escaped for HTML.
        """
        needed("jinja2", extra="tools")
        limits = self.policy.limits
        text: str = in_child(
            f"{__name__}:rendered",
            limits=limits,
            template=template,
            values=values or {},
            escape_html=escape_html,
            most=limits.output_chars,
        )
        return text


def rendered(template: str, *, values: dict[str, Any], escape_html: bool, most: int) -> str:
    """Fill a template; runs in a child, where nothing but its end stops a loop."""
    jinja2 = needed("jinja2", extra="tools")
    sandbox = needed("jinja2.sandbox", extra="tools")
    environment = sandbox.ImmutableSandboxedEnvironment(
        autoescape=escape_html, undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    try:
        return _joined(environment.from_string(template).generate(values), most)
    except jinja2.TemplateSyntaxError as problem:
        raise ToolError(f"Line {problem.lineno} of the template: {problem.message}.") from None
    except jinja2.UndefinedError as problem:
        raise ToolError(f"{problem}.", hint="Give it in values.") from None
    except sandbox.SecurityError as problem:
        raise ToolDenied(f"A template may not do this: {problem}.") from None
    except jinja2.TemplateError as problem:
        raise ToolError(f"The template cannot be filled: {problem}.") from None


def _joined(pieces: Any, most: int) -> str:
    text: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > most:
            raise ToolError(
                f"The text would be longer than {most} characters.", hint="Fill it in parts."
            )
        text.append(piece)

    return "".join(text)
