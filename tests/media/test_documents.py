"""Documents: PDF and text, read whole; anything else is refused by name."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import BadArgument
from mojentic_nb.media import DocumentPart, document_of
from tests.pictures import PDF, picture


def test_a_pdf_is_its_bytes(tmp_path):
    (tmp_path / "paper.txt").write_bytes(PDF)
    for value in (tmp_path / "paper.txt", str(tmp_path / "paper.txt")):
        part = document_of(value)
        assert (part.media_type, part.name, part.text) == ("application/pdf", "paper.txt", "")
        assert b64decode(part.data) == PDF
    assert document_of(b"\r\n" + PDF, name="paper.pdf").media_type == "application/pdf"


@pytest.mark.parametrize(
    "name, media_type",
    [
        ("notes.md", "text/markdown"),
        ("table.CSV", "text/csv"),
        ("page.html", "text/html"),
        ("data.json", "application/json"),
        ("code.py", "text/plain"),
        ("README", "text/plain"),
    ],
)
def test_a_text_file_is_its_text(tmp_path, name, media_type):
    text = "Größe: 3 µm\r\nzwei\n"
    (tmp_path / name).write_bytes(text.encode())
    assert document_of(tmp_path / name) == DocumentPart(media_type=media_type, text=text, name=name)


def test_markup_is_text(tmp_path):
    for text in ("<svg/>", "<!doctype html><p>hi"):
        assert document_of(text, name="a.html").text == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_believed(encoding):
    assert document_of("naïve ☂\n".encode(encoding), name="a.txt").text == "naïve ☂\n"


@given(st.text().filter(lambda text: "\0" not in text))
def test_text_given_with_a_name_is_itself(text):
    part = document_of(f"x{text}", name="notes.md")
    assert part == DocumentPart(media_type="text/markdown", text=f"x{text}", name="notes.md")


def test_a_path_with_a_name_is_renamed_and_text_that_is_a_path_is_asked_about(tmp_path):
    path = tmp_path / "notes.md"
    path.write_text("words")
    assert document_of(path, name="other.md").name == "other.md"
    with pytest.raises(BadArgument, match="sent as the text itself") as caught:
        document_of(str(path), name="other.md")
    assert "Path(" in caught.value.hint


@pytest.mark.parametrize(
    "data, told",
    [
        ("naïve".encode("latin-1"), "no text in UTF-8: byte 2"),
        ("naïve".encode("utf-16-le"), "binary|UTF-8"),
        (b"abc\0def", "binary"),
        (b"\xef\xbb\xbf", "empty"),
        (picture(), "is an image, not a document"),
        (b"II*\0", "is an image, not a document"),
        (b"PK\x03\x04", "zip archive"),
        (b"\xd0\xcf\x11\xe0", "old Office file"),
        (b"\0\0\0\x18ftypmp42", "video"),
    ],
)
def test_other_documents_are_refused_by_name(tmp_path, data, told):
    (tmp_path / "report.txt").write_bytes(data)
    with pytest.raises(BadArgument, match=told) as caught:
        document_of(tmp_path / "report.txt")
    assert "report.txt" in caught.value.message


@pytest.mark.parametrize(
    "value, told",
    [
        ("https://a.example/paper.pdf?sig=abcdefgh", "not fetched"),
        ("two\nlines", "is no path"),
        ("no such.pdf", "No file"),
        (None, "NoneType"),
        (3, "int"),
    ],
)
def test_what_is_no_document_is_refused(value, told):
    with pytest.raises(BadArgument, match=told) as caught:
        document_of(value)
    assert "abcdefgh" not in str(caught.value)
