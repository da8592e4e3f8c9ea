"""Images from whatever a person has, and refusals by name before anything goes."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import Any

import pytest

from mojentic_nb.errors import BadArgument
from mojentic_nb.media import LARGEST_DOCUMENT, LARGEST_IMAGE, ImagePart, document_of, image_of
from tests.pictures import PDF, picture, pixels

KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}


def held(part: ImagePart) -> bytes:
    return b64decode(part.data, validate=True)


def size_of(part: ImagePart) -> Any:
    return pixels(held(part)).size


# Files, bytes, addresses.


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_bytes_are_what_they_begin_with(kind, make):
    part = image_of(make(picture(kind)))
    assert part.media_type == KINDS[kind]
    assert held(part) == picture(kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", [".png", ".jpg", ".JPG", ".dat", ""])
@pytest.mark.parametrize("given_as", [str, lambda path: path])
def test_a_files_ending_is_not_believed(tmp_path, kind, ending, given_as):
    path = tmp_path / f"plot{ending}"
    path.write_bytes(picture(kind))
    part = image_of(given_as(path))
    assert (part.media_type, part.name, part.url) == (KINDS[kind], path.name, "")


def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "plot.png").write_bytes(picture())
    assert image_of("~/plot.png").name == "plot.png"


def test_an_address_is_kept_and_not_fetched():
    url = "https://images.example/a%20b.png?size=2"
    assert image_of(url) == ImagePart(url=url, name="a%20b.png")


@pytest.mark.parametrize("scheme", ["HTTP://", "https://", "Https://"])
def test_an_address_is_known_in_any_case(scheme):
    assert image_of(f"{scheme}a.example/b.png").data == ""


@pytest.mark.parametrize("url", ["http://", "https:///a.png", "http://a b/c.png", "http://[1/"])
def test_a_broken_address_is_refused(url):
    with pytest.raises(BadArgument, match="no web address"):
        image_of(url)


@pytest.mark.parametrize(
    "uri",
    [
        "data:image/png;base64,{packed}",
        "data:image/jpg;base64,{packed}",
        "DATA:;base64,{packed}",
        "data:image/png;charset=x;base64,{folded}",
    ],
)
def test_a_data_uri_is_its_bytes(uri):
    packed = b64encode(picture("JPEG")).decode()
    part = image_of(uri.format(packed=packed, folded=f"{packed[:10]}%0A{packed[10:]}"))
    assert (part.media_type, held(part)) == ("image/jpeg", picture("JPEG"))


@pytest.mark.parametrize(
    "uri, told",
    [
        ("data:image/png;base64", "no comma"),
        ("data:image/png;base64,!!", "no valid base64"),
        ("data:image/png;base64,iVBORw0", "no valid base64"),
        ("data:image/png;base64,", "empty"),
        ("data:image/png,hello", "no png"),
    ],
)
def test_a_broken_data_uri_is_refused(uri, told):
    with pytest.raises(BadArgument, match=told):
        image_of(uri)


# Refusals.


def test_a_missing_file_is_named_with_what_it_may_be(tmp_path):
    (tmp_path / "figure_1.png").write_bytes(picture())
    with pytest.raises(BadArgument, match=r"No file .*figure1\.png") as caught:
        image_of(tmp_path / "figure1.png")
    assert "figure_1.png" in caught.value.hint


def test_a_missing_file_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("nowhere.png", "no/such/folder.png"):
        with pytest.raises(BadArgument, match=path) as caught:
            image_of(path)
        assert str(tmp_path) in caught.value.hint


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(BadArgument, match=r"is a folder"):
        image_of(tmp_path)


def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(BadArgument, match="no regular file"):
        image_of(tmp_path / "pipe.png")


@pytest.mark.parametrize("path", ["", "  ", "a\0b.png", "x" * 5000, "~nobody-at-all/x.png"])
def test_what_can_be_no_path_is_refused_in_short(path):
    with pytest.raises(BadArgument) as caught:
        image_of(path)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("make", [image_of, document_of])
def test_an_empty_file_is_refused(tmp_path, make):
    (tmp_path / "nothing").touch()
    for value in (tmp_path / "nothing", b""):
        with pytest.raises(BadArgument, match="empty"):
            make(value)


@pytest.mark.parametrize(
    "make, limit", [(image_of, LARGEST_IMAGE), (document_of, LARGEST_DOCUMENT)]
)
def test_what_is_too_large_is_refused_by_name(tmp_path, make, limit):
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.write(picture())
        file.truncate(limit + 1)
    with pytest.raises(BadArgument, match=f"large.bin' is over {limit // 1_000_000} MB"):
        make(path)


def test_what_cannot_be_read_is_refused(tmp_path):
    loop = tmp_path / "loop.png"
    loop.symlink_to(loop)
    with pytest.raises(BadArgument, match=r"loop\.png' cannot be read"):
        image_of(loop)


@pytest.mark.parametrize(
    "data, told",
    [
        (b"BM\x46\0\0\0\0\0\0\0\x36", "a BMP image"),
        (b"II*\0\x08\0\0\0", "a TIFF image"),
        (b"MM\0*\0\0\0\x08", "a TIFF image"),
        (b"\0\0\0\x18ftypheic\0\0", "a HEIC image"),
        (b"\0\0\0\x1cftypavif\0\0", "an AVIF image"),
        (b"\0\0\0\x18ftypmp42\0\0", "a video"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b'\xef\xbb\xbf <?xml version="1.0"?>\n<!-- by hand -->\n<SVG/>', "an SVG drawing"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (PDF, "a PDF"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\x93NUMPY\x01", "a NumPy array file"),
        (b"just words", "no png, jpeg, gif or webp"),
        (b"\x89PNG cut", "no png, jpeg, gif or webp"),
    ],
)
def test_other_kinds_are_refused_by_their_name_with_a_way_out(data, told):
    with pytest.raises(BadArgument, match=told) as caught:
        image_of(data)
    assert caught.value.hint


def test_a_drawing_is_to_be_exported():
    with pytest.raises(BadArgument) as caught:
        image_of(b"<svg/>")
    assert "Export it as PNG" in caught.value.hint


def test_a_file_named_by_mistake_is_not_shown(tmp_path):
    (tmp_path / ".env").write_text("PASSWORD=swordfish")
    with pytest.raises(BadArgument) as caught:
        image_of(tmp_path / ".env")
    assert "swordfish" not in str(caught.value)
    assert "PASSWORD" not in str(caught.value)


@pytest.mark.parametrize("value", [None, 3, object(), [picture()], {}, int])
def test_what_shows_no_image_is_refused(value):
    with pytest.raises(BadArgument, match=r"An image cannot be made from") as caught:
        image_of(value)
    assert "matplotlib figure" in caught.value.hint


# Figures, images and arrays.


def figure(**settings: Any) -> Any:
    from matplotlib.figure import Figure

    made = Figure(**settings)
    made.add_subplot().plot([1, 3, 2])
    return made


def test_a_figure_is_drawn_at_its_own_size():
    part = image_of(figure(figsize=(3, 2), dpi=50))
    assert (part.media_type, part.name) == ("image/png", "figure.png")
    assert size_of(part) == (150, 100)


def test_axes_are_drawn_with_their_whole_figure():
    drawn = figure(figsize=(3, 2), dpi=50)
    assert image_of(drawn.axes[0]) == image_of(drawn)
    panel = figure().subfigures(1, 2)[0]
    assert size_of(image_of(panel)) == size_of(image_of(panel.figure))


def test_the_same_figure_is_the_same_request():
    assert image_of(figure()) == image_of(figure())
    assert b"Matplotlib" not in held(image_of(figure()))


def test_a_figure_is_left_as_it_was():
    drawn = figure(figsize=(3, 2), dpi=50)
    image_of(drawn)
    assert (drawn.dpi, tuple(drawn.get_size_inches())) == (50, (3, 2))


def test_a_figure_that_cannot_be_drawn_says_why():
    drawn = figure()
    drawn.suptitle(r"$\frac{1$")
    with pytest.raises(BadArgument, match="Figure cannot be drawn: ValueError"):
        image_of(drawn)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "F"])
def test_a_pil_image_of_any_mode(mode):
    from PIL import Image

    part = image_of(Image.new(mode, (5, 2)))
    assert part.media_type == "image/png"
    assert size_of(part) == (5, 2)


def test_a_pil_image_keeps_its_files_name_and_colours(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(picture("JPEG", colour=(1, 2, 3)))
    with pixels((tmp_path / "photo.jpg").read_bytes()) as image:
        image.filename = str(tmp_path / "photo.jpg")
        part = image_of(image)
        assert pixels(held(part)).tobytes() == image.tobytes()
    assert part.name == "photo.png"


def test_a_pil_image_that_png_cannot_hold_is_refused():
    from PIL import Image

    with pytest.raises(BadArgument, match="cannot be written as PNG") as caught:
        image_of(Image.new("La", (5, 2)))
    assert "convert" in caught.value.hint


@pytest.mark.parametrize("kind", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("colours", [3, 4])
def test_an_array_is_its_pixels(kind, colours):
    import numpy as np

    array = np.zeros((2, 3, colours), kind)
    array[..., 0] = 255 if kind == "uint8" else 1
    array[..., -1] = array[..., 0]
    back = pixels(held(image_of(array)))
    assert back.size == (3, 2)
    assert back.getpixel((0, 0))[0] == 255


@pytest.mark.parametrize(
    "shape, kind, value, told",
    [
        ((2, 3), "uint8", 0, r"shape \(2, 3\)"),
        ((2, 3, 5), "uint8", 0, "shape"),
        ((0, 3, 3), "uint8", 0, "shape"),
        ((2, 3, 3), "int64", 0, "int64"),
        ((2, 3, 3), "float64", 255, "0 to 1"),
        ((2, 3, 3), "float64", float("nan"), "0 to 1"),
    ],
)
def test_an_array_that_is_no_image_is_refused(shape, kind, value, told):
    import numpy as np

    with pytest.raises(BadArgument, match=told) as caught:
        image_of(np.full(shape, value, kind))
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_an_ipython_image_is_its_bytes(kind):
    from IPython.display import Image

    part = image_of(Image(data=picture(kind), format=kind.lower()))
    assert (part.media_type, held(part)) == (KINDS[kind], picture(kind))


def test_an_ipython_image_by_address_is_its_address():
    from IPython.display import Image

    assert image_of(Image(url="https://a.example/b.png")).url == "https://a.example/b.png"


class Shown:
    """Shows itself the way a library's own object does."""

    def __init__(self, png: Any = None, jpeg: Any = None) -> None:
        self._png, self._jpeg = png, jpeg

    def _repr_png_(self) -> Any:
        return self._png

    def _repr_jpeg_(self) -> Any:
        return self._jpeg


@pytest.mark.parametrize(
    "shown, media_type",
    [
        (Shown(png=picture()), "image/png"),
        (Shown(png=(picture(), {"width": 3})), "image/png"),
        (Shown(png=b64encode(picture()).decode()), "image/png"),
        (Shown(jpeg=picture("JPEG")), "image/jpeg"),
    ],
)
def test_whatever_shows_itself_as_an_image_is_one(shown, media_type):
    assert image_of(shown).media_type == media_type


class Broken:
    """Cannot show itself after all."""

    def _repr_png_(self) -> bytes:
        raise RuntimeError("no renderer")


def test_what_fails_to_show_itself_says_why():
    with pytest.raises(BadArgument, match="Broken cannot be shown: RuntimeError: no renderer"):
        image_of(Broken())


@pytest.mark.parametrize("shown", [Shown(), Shown(png=b""), Shown(png="%%"), Shown(png=b"text")])
def test_whatever_shows_nothing_is_refused(shown):
    with pytest.raises(BadArgument):
        image_of(shown)
