"""`--image`: pictures of the notebook in a prompt."""

from __future__ import annotations

import base64

import pytest
from IPython.core.error import UsageError

from tests.loopback import Answer

# One grey pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


@pytest.fixture
def here(ollama, loopback, monkeypatch, tmp_path):
    """The shell, in a folder with a picture."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dot.png").write_bytes(PNG)
    ollama.ok("import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt")
    loopback.script(*[Answer("ok")] * 4)
    yield ollama
    ollama.run("plt.close('all')")


def pictures(loopback, at=-1):
    """The pictures of a request's last message."""
    last = loopback.requests[at].body["messages"][-1]
    return [base64.b64decode(one) for one in last.get("images", ())]


def test_variables_paths_and_bytes(here, loopback):
    here.ok(
        "from pathlib import Path\ndata = Path('dot.png').read_bytes()\n"
        "path = 'dot.png'\nmany = {'a': [data]}"
    )
    here.ok("%llm --image data --image path --image dot.png --image many[a][0] --image {data} hm?")
    assert pictures(loopback) == [PNG] * 5


def test_a_figure_is_drawn(here, loopback):
    here.ok("fig, ax = plt.subplots()")
    here.ok("%llm --image fig what is it?")
    here.ok("%llm --image ax and this?")
    assert [found[:4] for at in (0, 1) for found in pictures(loopback, at)] == [b"\x89PNG"] * 2


def test_a_picture_is_told_again_with_the_conversation(here, loopback):
    here.ok("%llm --image dot.png what is it?")
    here.ok("%llm and its colour?")
    first = loopback.requests[1].body["messages"][0]
    assert base64.b64decode(first["images"][0]) == PNG
    assert "images" not in loopback.requests[1].body["messages"][-1]


def test_the_last_picture_is_an_open_figure_or_a_result(here, loopback):
    here.ok("from IPython.display import Image\nImage('dot.png')")
    here.ok("'a text that is no picture'")
    here.ok("%llm --image last what is it?")
    assert pictures(loopback) == [PNG]
    here.ok("plt.figure(); 1")
    here.ok("%llm --image last what is it?")
    assert pictures(loopback)[0] != PNG


def test_a_variable_called_last_is_itself(here, loopback):
    here.ok("last = 'dot.png'")
    here.ok("%llm --image last what is it?")
    assert pictures(loopback) == [PNG]


@pytest.mark.parametrize(
    "flag, told",
    [
        (
            "--image figg",
            "--image figg: No file 'figg'. No variable is called so. Did you mean fig?",
        ),
        ("--image last", "--image last: no cell has shown a picture"),
        ("--image no.png", "--image no.png: No file"),
        ("--image fig.nothing", "--image fig.nothing: No file"),
        ("--image number", "--image number: "),
        ("--image text.txt", "--image text.txt: "),
        ("--image https://", "--image https://: "),
    ],
)
def test_what_is_no_picture_is_refused_before_anything_is_sent(
    here, loopback, tmp_path, flag, told
):
    (tmp_path / "text.txt").write_text("no picture")
    here.ok("fig = plt.figure(); plt.close('all'); number = 3")
    ran = here.run(f"%llm {flag} hm?")
    assert isinstance(ran.error_in_exec, UsageError), ran.error_in_exec
    assert told in str(ran.error_in_exec)
    assert loopback.requests == []


def test_structured_takes_pictures_personas_and_timeouts(here, loopback):
    loopback.clear()
    loopback.script(Answer("3"))
    here.ok("%%structured int --image dot.png -p terse --timeout 9 -o n\nHow many dots?")
    assert here["n"] == 3
    system, user = loopback.requests[0].body["messages"][:2]
    assert "few words" in system["content"]
    assert base64.b64decode(user["images"][0]) == PNG


def test_a_dry_run_tells_of_pictures_without_showing_them(here, loopback):
    here.ok("%llm --dry-run --image dot.png --image https://x.example/a.png?key=abc hm?")
    told = here.last.plain
    assert f"dot.png, image/png, {len(PNG)} bytes" in told
    assert "https://x.example/a.png" in told
    assert [word for word in ("abc", base64.b64encode(PNG).decode()[:12]) if word in told] == []
