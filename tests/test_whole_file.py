"""A file that is there whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mojentic_nb.whole_file import drafted


def test_it_is_there_once_it_is_whole(tmp_path: Path) -> None:
    place = tmp_path / "a.txt"
    with drafted(place) as draft:
        draft.write_text("new")
        assert not place.exists()
    assert place.read_text() == "new"
    assert list(tmp_path.iterdir()) == [place]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "a.txt"
    place.write_text("old")
    with pytest.raises(ZeroDivisionError), drafted(place) as draft:
        draft.write_text("half")
        raise ZeroDivisionError
    assert place.read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_link_stays_one_and_rights_stay_as_they_were(tmp_path: Path) -> None:
    (real := tmp_path / "real.txt").write_text("old")
    real.chmod(0o600)
    (link := tmp_path / "link.txt").symlink_to(real)
    with drafted(link) as draft:
        draft.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_long_name_is_no_trouble(tmp_path: Path) -> None:
    place = tmp_path / ("n" * 250)
    with drafted(place) as draft:
        draft.write_text("new")
    assert place.read_text() == "new"


def test_a_folder_that_is_not_there_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), drafted(tmp_path / "no" / "a.txt") as draft:
        draft.write_text("new")
