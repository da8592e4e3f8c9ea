"""Text in another form."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.schema import ShapeError
from mojentic_nb.tools.kit.text_transform import _WAYS, TextTransformTool, Way
from mojentic_nb.tools.policy import Limits, Policy
from tests.tools.kit.calls import called, examples_of


@pytest.mark.parametrize("kind, arguments", examples_of(TextTransformTool))
def test_every_example_runs(kind, arguments):
    assert called(kind(), **arguments)


@pytest.mark.parametrize(
    "text, way, wanted",
    [
        ("straße", "upper", "STRASSE"),
        ("ΑΣ", "lower", "ας"),
        ("don't PANIC", "title", "Don't Panic"),
        ("ONE. two! three", "sentence", "One. Two! Three"),
        ("aB", "swap case", "Ab"),
        ("HTTPServer fooBar don't", "snake", "http_server_foo_bar_dont"),
        ("some_name-here 2", "kebab", "some-name-here-2"),
        ("some name", "camel", "someName"),
        ("some name", "pascal", "SomeName"),
        ("हिन्दी भाषा", "snake", "हिन्दी_भाषा"),
        ("!?", "snake", ""),
        ("!?", "camel", ""),
        ("  a \n", "strip", "a"),
        ("Größe à Łódź", "strip accents", "Grosse a Lodz"),
        ("हिन्दी", "strip accents", "हिन्दी"),
        (" a \n\t b ", "single spaces", "a b"),
        ("  a\n   b", "dedent", "a\n b"),
        ("a\n\nb", "indent", "    a\n\n    b"),
        ("b\na\n", "sort lines", "a\nb\n"),
        ("b\na\nb", "unique lines", "b\na"),
        ("a\nb\n", "reverse lines", "b\na\n"),
        ("a\x0bb\nc", "reverse lines", "c\na\x0bb"),
        ("a\nb", "number lines", "1  a\n2  b"),
        ("a\n \n\nb", "no empty lines", "a\nb"),
        ("ae\u0301", "reverse", "e\u0301a"),
        ("e\u0301", "normalize", "é"),
        ("", "title", ""),
    ],
)
def test_each_way(text, way, wanted):
    assert called(TextTransformTool(), text=text, ways=[way]) == wanted


def test_lines_are_wrapped_paragraph_by_paragraph():
    text = called(TextTransformTool(), text="one two three\nfour\n\nfive", ways=["wrap"], width=9)
    assert text == "one two\nthree\nfour\n\nfive"


def test_every_way_is_there():
    assert set(get_args(Way)) == set(_WAYS) | {"wrap"}


@given(st.text(), st.lists(st.sampled_from(get_args(Way)), min_size=1, max_size=4))
def test_any_text_can_go_any_way(text, ways):
    assert isinstance(TextTransformTool().run(text, ways=ways), str)


@given(st.text())
def test_reversing_twice_changes_nothing(text):
    run = TextTransformTool().run
    assert run(run(text, ways=["reverse lines"]), ways=["reverse lines"]) == text


def test_an_unknown_way_does_not_fit():
    with pytest.raises(ShapeError, match="ways"):
        called(TextTransformTool(), text="a", ways=["sideways"])


def test_it_cannot_grow_without_end():
    tool = TextTransformTool(Policy(limits=Limits(read_bytes=100)))
    with pytest.raises(ToolError, match="100 are allowed"):
        called(tool, text="a\n" * 40, ways=["indent"] * 3)
