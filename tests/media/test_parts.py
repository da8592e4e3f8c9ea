"""The values: complete when made, and silent about what they hold."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mojentic_nb.media import DocumentPart, ImagePart, document_of, image_of, without_query
from tests.pictures import PDF, picture


def test_a_part_is_itself():
    part = image_of(picture())
    assert image_of(part) is part
    document = document_of(PDF)
    assert document_of(document) is document


@pytest.mark.parametrize(
    "made",
    [
        lambda: ImagePart(),
        lambda: ImagePart(data="iVBORw0KGgo="),
        lambda: DocumentPart(media_type="text/plain"),
    ],
)
def test_a_part_that_holds_nothing_is_none(made):
    with pytest.raises(ValidationError):
        made()


def test_a_part_shows_what_it_is_and_not_what_it_holds():
    assert repr(image_of(picture())) == (
        f"ImagePart(media_type='image/png', data=<{len(picture())} bytes>)"
    )
    assert repr(document_of(PDF)) == (
        f"DocumentPart(media_type='application/pdf', data=<{len(PDF)} bytes>)"
    )
    text = repr(document_of("secret words", name="a.txt"))
    assert text == "DocumentPart(media_type='text/plain', name='a.txt', text=<12 characters>)"


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://a.example/b.png", "https://a.example/b.png"),
        ("https://me:pw@a.example:1/b/c.png?sig=x/y#z", "https://a.example:1/b/c.png?…"),
        ("https://a.example?sig=x/y", "https://a.example?…"),
        ("https://a.example/b#sig", "https://a.example/b"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_key(url, shown):
    assert without_query(url) == shown
    assert repr(ImagePart(url=url)) == f"ImagePart(url='{shown}')"
