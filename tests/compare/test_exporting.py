"""Rows out to files, and in again."""

from __future__ import annotations

import csv
import json
import os
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from mojentic_nb.compare.asking import compare
from mojentic_nb.compare.comparison import Comparison
from mojentic_nb.errors import StateError
from tests.compare.grids import models
from tests.loopback import Answer, Loopback


@pytest.fixture
def r(loopback: Loopback) -> Comparison:
    loopback.script(Answer('=cmd|"x"'), Answer("zwei\nZeilen, „ü“"))
    return compare(["a?", "b?"], models(loopback, "m"), concurrency=1, store=None, checks="ü")


def test_csv_reads_back_and_runs_nothing(r: Comparison, tmp_path: Path) -> None:
    assert r.to_csv(tmp_path / "r.csv") == 2
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["output"] for row in rows] == ['\'=cmd|"x"', "zwei\nZeilen, „ü“"]
    assert [row["passed"] for row in rows] == ["False", "True"]
    assert [row["error_type"] for row in rows] == ["", ""]
    assert r.df.output.tolist()[0] == '=cmd|"x"'


def test_json_lines_read_back(r: Comparison, tmp_path: Path) -> None:
    assert r.to_jsonl(tmp_path / "r.jsonl") == 2
    rows = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text("utf-8").split("\n")[:2]]
    assert [row["output"] for row in rows] == r.df.output.tolist()
    assert [row["passed"] for row in rows] == [False, True]
    assert rows[0]["cost"] is None


def test_parquet_reads_back(r: Comparison, tmp_path: Path) -> None:
    assert r.to_parquet(tmp_path / "r.parquet") == 2
    back = pd.read_parquet(tmp_path / "r.parquet")
    assert back.output.tolist() == r.df.output.tolist()
    assert list(back.columns) == list(r.df.columns)


def test_half_a_surrogate_pair_keeps_nothing_from_being_written(
    r: Comparison, tmp_path: Path
) -> None:
    assert r.cells[0].result is not None
    r.cells[0].result.output = "half a smile: \ud83d, a whole one: 🙂"
    written = "half a smile: \ufffd, a whole one: 🙂"
    for write, read in (
        (r.to_csv, pd.read_csv),
        (r.to_jsonl, partial(pd.read_json, lines=True)),
        (r.to_parquet, pd.read_parquet),
    ):
        write(tmp_path / "r")
        assert read(tmp_path / "r").output.tolist()[0] == written
    assert r.df.output.tolist()[0].endswith("🙂")


def test_a_file_is_there_whole_or_not_at_all(r: Comparison, tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(StateError, match=r"'\.' cannot be written"):
        r.to_csv(".")
    for write in (r.to_csv, r.to_jsonl, r.to_parquet):
        with pytest.raises(StateError, match="cannot be written"):
            write(path)
        with pytest.raises(StateError, match="cannot be written"):
            write(tmp_path / "nowhere" / "file")
    assert [found.name for found in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(os.name == "nt", reason="rights are told in another way there")
def test_a_link_stays_one_and_rights_stay_as_they_were(r: Comparison, tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("before")
    real.chmod(0o600)
    link.symlink_to(real)
    r.to_csv(link)

    assert link.is_symlink()
    assert real.read_text() != "before"
    assert real.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.csv", "real.csv"]
