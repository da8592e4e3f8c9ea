"""Browser halves are small, plain, and one theme stands under all of them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from mojentic_nb.widgets import browser_half
from mojentic_nb.widgets.browser_half import module, style
from tests.house.source import ROOT

NAMES = sorted(path.parent.name for path in (ROOT / "widgets").glob("*/index.js"))
MOST_BYTES = 60_000  # of all modules together
MOST_BYTES_OF_STYLE = 10_000  # of each, the theme included
# Ways to have text taken for markup or for a program.
UNSAFE = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("]


def test_each_is_found_in_place():
    assert "consent" in NAMES
    assert all("export default { render }" in module(name) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_checked_and_loads_nothing(name):
    text = module(name)
    assert text.startswith("// @ts-check\n")
    assert re.search(r"^import |https?://", text, re.MULTILINE) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("way", UNSAFE)
def test_it_takes_no_text_for_markup(name, way):
    assert way not in module(name)


# A line is packed without a look at the others.
@pytest.mark.parametrize(
    "path", sorted((ROOT / "widgets").glob("**/*.js")), ids=lambda one: one.name
)
def test_no_text_goes_over_the_end_of_a_line(path):
    lines = [line for line in path.read_text().splitlines() if "node_modules" not in str(path)]
    assert [line for line in lines if line.count("`") % 2] == []
    assert [line for line in lines if re.search(r"[;{,(\[] +//", line)] == []


@pytest.mark.skipif(not shutil.which("node"), reason="no Node")
@pytest.mark.parametrize("name", NAMES)
def test_packed_it_is_still_a_program(name, tmp_path):
    file = tmp_path / "index.mjs"
    file.write_text(module(name))
    subprocess.run(["node", "--check", str(file)], check=True)


def test_what_is_packed_loses_no_text(monkeypatch, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "page.js").write_text('// @ts-check\nexport const word = "a = b, c";\n')
    (tmp_path / "x" / "index.js").write_text(
        '// @ts-check\n/** Of ours. */\nimport { word } from "../page.js";\n\n'
        "/** @param {string} a */\nfunction render(a) {\n  // a reason\n"
        "  return [\n    a + word, `x = ${a} `,\n    /a = b/.test(a),\n  ];\n}\n\n"
        "export default { render };"
    )
    monkeypatch.setattr(browser_half, "_CARRIED", tmp_path)
    monkeypatch.setattr(browser_half, "_read", browser_half._read.__wrapped__)
    assert module("x") == (
        '// @ts-check\nconst word="a = b, c";function render(a){return['
        "a + word, `x = ${a} `,/a = b/.test(a)];}export default { render };"
    )


@pytest.mark.parametrize("name", NAMES)
def test_its_style_stands_on_the_theme_and_stays_in_its_class(name):
    own = style(name).removeprefix((ROOT / "widgets/theme.css").read_text())
    selectors = re.findall(r"^([^\s@}/][^{]*?)\s*\{", own, re.MULTILINE)
    assert selectors
    assert all(one.startswith(f".mj-{name}") for one in selectors)
    assert re.search(r"#[0-9a-f]{3,8}\b|rgb|: (white|black)\b", own) is None, (
        "colours are the theme's"
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_has_tests_of_its_own(name):
    assert (ROOT / "widgets" / name / "index.test.js").is_file()


def test_all_together_are_small():
    assert sum(len(module(name).encode()) for name in NAMES) < MOST_BYTES
    assert max(len(style(name).encode()) for name in NAMES) < MOST_BYTES_OF_STYLE
