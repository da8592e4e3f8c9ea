"""Templates: filled, and kept within their bounds."""

from __future__ import annotations

import pytest

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.kit.text_template import TemplateRenderTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.calls import called, examples_of

BRIEF = Policy(limits=Limits(seconds=2, memory_bytes=300_000_000, output_chars=1000))


@pytest.mark.parametrize("kind, arguments", examples_of(TemplateRenderTool))
def test_every_example_runs(kind, arguments):
    assert called(kind(), **arguments) == "Dear Ada,\n- tea\n- cake"


def test_values_are_filled_in_and_escaped_where_asked():
    given = {"template": "{{ a }}\n", "values": {"a": "<é😀>"}}
    assert called(TemplateRenderTool(), **given) == "<é😀>\n"
    assert called(TemplateRenderTool(), **given, escape_html=True) == "&lt;é😀&gt;\n"


@pytest.mark.parametrize(
    "template, words",
    [
        ("{{ missing }}", "'missing' is undefined"),
        ("a\n{% for %}", "Line 2"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% include '/etc/hostname' %}", "no loader"),
        ("{% import 'os' as os %}", "no loader"),
        ("{{ range(10**9) }}", "Range too big"),
        ("{% for i in range(99999) %}aaaa{% endfor %}", "longer than 1000 characters"),
        ("{{ 'a' * 1001 }}", "longer than 1000 characters"),
    ],
)
def test_what_cannot_be_filled_is_said(template, words):
    with pytest.raises(ToolError, match=words):
        called(TemplateRenderTool(BRIEF), template=template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ values.__init__.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ lipsum.__globals__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ values.append(1) }}",
        "{{ '{0.__class__}'.format(1) }}",
    ],
)
def test_a_template_reaches_its_values_only(template):
    with pytest.raises(ToolError, match=r"may not|undefined|unsafe"):
        called(TemplateRenderTool(BRIEF), template=template, values={"values": []})


def test_a_way_out_is_denied():
    with pytest.raises(ToolDenied):
        called(TemplateRenderTool(BRIEF), template="{{ ''.__class__ }}")


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 9 ** (9 ** 9) }}",
        "{% macro m() %}{% for i in range(99999) %}{{ m() }}{% endfor %}{% endmacro %}{{ m() }}",
        "{{ 'a' * 10 ** 9 }}",
        "{{ [0] * 10 ** 9 }}",
    ],
)
def test_a_template_without_end_is_stopped(template):
    with pytest.raises(ToolError, match=r"stopped|nested too deeply"):
        called(TemplateRenderTool(BRIEF), template=template)
