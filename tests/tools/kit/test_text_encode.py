"""Text there and back."""

from __future__ import annotations

import base64
import html
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.kit.text_encode import EncodeTool
from tests.tools.kit.calls import called, examples_of

FORMS = ("base64", "base64url", "url", "hex", "html")


@pytest.mark.parametrize("kind, arguments", examples_of(EncodeTool))
def test_every_example_runs(kind, arguments):
    assert called(kind(), **arguments)


@pytest.mark.parametrize("form", FORMS)
@given(text=st.text())
def test_what_was_encoded_comes_back(form, text):
    encoded = EncodeTool().run(text, form=form)
    assert EncodeTool().run(encoded, form=form, decode=True) == text


@given(st.text())
def test_it_is_what_others_write(text):
    run = EncodeTool().run
    assert run(text, form="base64") == base64.b64encode(text.encode()).decode()
    assert run(text, form="url") == quote(text, safe="")
    assert run(text, form="hex") == text.encode().hex()
    assert run(text, form="html") == html.escape(text)


@pytest.mark.parametrize(
    "text, form, wanted",
    [
        ("YQ", "base64", "a"),
        ("YQ=", "base64", "a"),
        ("Y\nQ==", "base64", "a"),
        ("_-8_", "base64", None),
        ("0x61 62:63", "hex", "abc"),
        ("a+b%2Bc", "url", "a+b+c"),
        ("&eacute;&#x1F600;", "html", "é😀"),
    ],
)
def test_loose_writing_is_read(text, form, wanted):
    if wanted is None:
        with pytest.raises(ToolError, match="no UTF-8 text"):
            EncodeTool().run(text, form=form, decode=True)
    else:
        assert EncodeTool().run(text, form=form, decode=True) == wanted


@pytest.mark.parametrize(
    "text, form",
    [("YW*Jj", "base64"), ("abcde", "base64"), ("é", "base64"), ("zz", "hex"), ("100%", "url")],
)
def test_what_is_not_in_that_form_is_refused(text, form):
    with pytest.raises(ToolError, match=f"is not {form}"):
        EncodeTool().run(text, form=form, decode=True)


@pytest.mark.parametrize("form", ["base64", "url", "hex"])
def test_half_a_pair_is_no_text(form):
    with pytest.raises(ToolError, match="half a pair"):
        EncodeTool().run("a\ud800", form=form)
