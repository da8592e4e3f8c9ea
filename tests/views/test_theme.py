"""One hue per model, the same everywhere."""

from __future__ import annotations

import re

from mojentic_nb.views import theme


def test_a_model_keeps_its_colour() -> None:
    colours = theme.ModelColours()
    first, second = colours.of("a"), colours.of("b")
    assert (first, second) == theme.BRIGHT[:2]
    assert colours.of("a") == first


def test_a_dozen_models_differ_and_a_hundred_still_have_one() -> None:
    colours = theme.ModelColours()
    given = [colours.of(str(number)) for number in range(100)]
    assert len(set(given[:13])) == 13
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in given)


def test_no_model_looks_like_an_error_or_a_warning() -> None:
    assert {theme.RED, theme.AMBER}.isdisjoint(theme.BRIGHT + theme.MUTED)


def test_an_unknown_model_takes_nobodys_colour() -> None:
    colours = theme.ModelColours()
    assert colours.of("") not in theme.BRIGHT + theme.MUTED
    assert colours.of("first") == theme.BRIGHT[0]


def test_every_rule_stays_inside_our_class() -> None:
    selectors = re.findall(r"^(\S.*?) \{", theme.STYLE, re.MULTILINE)
    assert selectors
    assert all(part.startswith(".mojentic-nb") for s in selectors for part in s.split(", "))
