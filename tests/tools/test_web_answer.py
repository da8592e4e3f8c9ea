"""What came back, and how it is unpacked."""

from __future__ import annotations

import gzip
import zlib

import pytest

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.web_answer import Fetched, origin_of, unpacked


def answer(status=200, *, is_cut=False, **headers):
    url = "http://example.org/hunter2?key=hunter2"
    return Fetched(url=url, status=status, headers=headers, body=b"abc", is_cut=is_cut)


@pytest.mark.parametrize("cut", range(1, 30))
def test_packed_bytes_may_arrive_torn_anywhere(cut):
    packed = gzip.compress(b"hello hello", mtime=0)
    assert b"".join(unpacked([packed[:cut], b"", packed[cut:]], "gzip")) == b"hello hello"


def test_a_little_is_unpacked_at_a_time():
    bomb = gzip.compress(bytes(10_000_000))
    assert max(len(piece) for piece in unpacked([bomb], "gzip")) <= 65536


def test_nothing_is_nothing_in_any_packing():
    assert list(unpacked([], "gzip")) == []


def test_what_broke_off_is_no_answer():
    with pytest.raises(zlib.error):
        list(unpacked([gzip.compress(b"hello")[:-9]], "gzip"))


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_a_packing_nobody_asked_for_is_told(coding):
    with pytest.raises(ToolError, match="was not asked for"):
        list(unpacked([b"x"], coding))


@pytest.mark.parametrize("status, is_cut", [(404, False), (500, False), (302, False), (200, True)])
def test_what_is_not_whole_is_told_without_the_secrets_of_its_address(status, is_cut):
    with pytest.raises(ToolError, match=r"http://example\.org") as told:
        answer(status, is_cut=is_cut).whole()
    assert "hunter2" not in str(told.value)


def test_what_is_whole_is_itself():
    one = answer()
    assert one.whole() is one


@pytest.mark.parametrize("url, origin", [
    ("https://me:pw@e.org/", "The server"), ("https://e.org:81/x", "https://e.org:81"),
    ("http://[::1]:80/", "http://[::1]"), ("nonsense", "The server"),
])  # fmt: skip
def test_all_of_an_address_that_may_be_told(url, origin):
    assert origin_of(url) == origin
