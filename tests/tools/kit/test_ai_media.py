"""What images and PDFs are told to be."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.kit.ai_image_size import image_size
from mojentic_nb.tools.kit.ai_media import MediaInfoTool
from mojentic_nb.tools.policy import Limits, Policy
from tests.pictures import picture
from tests.tools.kit.an_example import ran


def drawn(kind: str, size: tuple[int, int] = (300, 7), **settings: object) -> bytes:
    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind, **settings)
    return buffer.getvalue()


def document(*pages: str, password: str = "") -> bytes:
    """A PDF with a line of text on each page."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(200, 200)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 10 100 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    writer.add_metadata({"/Title": "Three lines"})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def told(data: bytes, **arguments: object) -> dict[str, object]:
    return dict(MediaInfoTool().run(data=b64encode(data).decode(), **arguments))


KINDS = [
    ("PNG", {}, "image/png"),
    ("JPEG", {}, "image/jpeg"),
    ("JPEG", {"progressive": True}, "image/jpeg"),
    ("JPEG", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"}, "image/jpeg"),
    ("GIF", {}, "image/gif"),
    ("WEBP", {}, "image/webp"),
    ("WEBP", {"lossless": True}, "image/webp"),
    ("WEBP", {"exif": b"II*\0\x08\0\0\0\0\0\0\0\0\0"}, "image/webp"),
    ("BMP", {}, "a BMP image"),
]


@pytest.mark.parametrize("kind, settings, name", KINDS)
def test_an_image_is_told_by_its_header(kind, settings, name):
    data = drawn(kind, **settings)
    assert told(data) == {"kind": name, "bytes": len(data), "width": 300, "height": 7}


@pytest.mark.parametrize("kind, settings, name", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (16383, 2), (255, 256)])
def test_sizes_are_exact(kind, settings, name, size):
    assert image_size(drawn(kind, size, **settings)) == size


@pytest.mark.parametrize("kind, settings, name", KINDS)
def test_a_cut_image_has_a_kind_at_most(kind, settings, name):
    data = drawn(kind, **settings)
    for cut in range(64):
        assert image_size(data[:cut]) in (None, (300, 7))


def test_a_jpeg_may_begin_with_tables_and_padding():
    data = drawn("JPEG")
    table = b"\xff\xc4\0\x09" + bytes([9] * 7)
    assert image_size(data[:2] + table + b"\xff\xff" + data[2:]) == (300, 7)


def test_other_bitmaps():
    old = b"BM" + bytes(12) + b"\x0c\0\0\0" + b"\x05\0\x06\0" + bytes(8)
    upside_down = (
        b"BM" + bytes(12) + b"\x28\0\0\0" + b"\x05\0\0\0" + b"\xfa\xff\xff\xff" + bytes(30)
    )
    assert [image_size(old), image_size(upside_down)] == [(5, 6), (5, 6)]


@given(
    st.sampled_from([b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"BM", b"\x89PNG\r\n\x1a\n"]),
    st.binary(max_size=60),
)
def test_any_bytes_have_a_size_or_none(beginning, rest):
    size = image_size(beginning + rest)
    assert size is None or min(size) > 0


@pytest.mark.parametrize("example", MediaInfoTool.facts.examples)
def test_every_example_runs(example, tmp_path):
    (tmp_path / "report.pdf").write_bytes(document("one", "two"))
    tool = MediaInfoTool(Policy(roots=(tmp_path,), effects=frozenset({"reads"})))
    info = ran(tool, example)
    assert info.get("width", info.get("first_page")) in (1, 2)


def test_a_pdf_tells_its_pages_and_text():
    info = told(document("Hello there", "Second", "Third"))
    assert (info["kind"], info["pages"], info["title"]) == ("application/pdf", 3, "Three lines")
    assert info["text"] == "Hello there\n\nSecond\n\nThird"
    assert (info["first_page"], info["last_page"], info["is_cut"]) == (1, 3, False)


def test_only_the_pages_asked_for_are_read():
    data = document("one", "two", "three", "four")
    info = told(data, first_page=2, page_count=2)
    assert (info["text"], info["last_page"]) == ("two\n\nthree", 3)
    assert "text" not in told(data, page_count=0)
    assert told(data, first_page=4)["text"] == "four"


def test_the_text_is_bounded():
    tool = MediaInfoTool(Policy(limits=Limits(output_chars=20)))
    info = tool.run(data=b64encode(document("word " * 10, "two")).decode())
    assert (len(info["text"]), info["last_page"], info["is_cut"]) == (20, 1, True)


@pytest.mark.parametrize(
    "data, arguments, why",
    [
        (document("one"), {"first_page": 2}, "no page 2: the PDF has 1"),
        (document("one", password="secret"), {}, "password"),
        (b"%PDF-1.7 and then nothing", {}, "cannot be read"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(data, arguments, why):
    with pytest.raises(ToolError, match=why):
        told(data, **arguments)


@pytest.mark.parametrize("data, kind", [(b"hello", "unknown"), (b"PK\x03\x04", "a zip archive")])
def test_other_files_have_a_kind_only(data, kind):
    info = told(data)
    assert str(info["kind"]).startswith(kind)
    assert set(info) == {"kind", "bytes"}


def test_a_file_is_read_within_its_roots_only(tmp_path: Path):
    inside, outside = tmp_path / "in", tmp_path / "out.png"
    inside.mkdir()
    (inside / "dot.png").write_bytes(picture())
    outside.write_bytes(picture())
    tool = MediaInfoTool(Policy(roots=(inside,)))
    assert tool.run("dot.png") == {
        "name": "dot.png",
        "kind": "image/png",
        "bytes": len(picture()),
        "width": 4,
        "height": 3,
    }
    for path in ("../out.png", str(outside)):
        with pytest.raises(ToolDenied):
            tool.run(path)
    with pytest.raises(ToolDenied, match="No file may be used"):
        MediaInfoTool().run("dot.png")


def test_reading_needs_the_right(tmp_path):
    with pytest.raises(ToolDenied, match="reads files"):
        MediaInfoTool(Policy(roots=(tmp_path,))).invoke({"path": "dot.png"})


@pytest.mark.parametrize(
    "arguments, why",
    [
        ({}, "either a path or data"),
        ({"path": "a", "data": "b"}, "either a path or data"),
        ({"data": "not base64!"}, "no valid base64"),
        ({"data": "QUJD!"}, "no valid base64"),
        ({"data": "A" * 200}, "more than the 100 bytes"),
    ],
)
def test_a_wrong_call_is_told(arguments, why):
    with pytest.raises(ToolError, match=why):
        MediaInfoTool(Policy(limits=Limits(read_bytes=100))).run(**arguments)
