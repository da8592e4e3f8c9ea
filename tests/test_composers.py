"""The message builder: nothing missed in silence, nothing that text can break out of."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.composers import FileTypeSensor, MessageBuilder, fenced, filled
from mojentic_nb.errors import BadArgument
from mojentic_nb.media import document_of, image_of
from mojentic_nb.messages import LLMMessage, MessageRole
from tests.pictures import PDF, picture


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path, contents: dict[str, str | bytes]) -> None:
    """Write files, with the folders they stand in."""
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def told_files(message: LLMMessage) -> list[str]:
    return re.findall(r"^File: (.*)$", message.content or "", re.MULTILINE)


def names(message: LLMMessage) -> list[str]:
    return [part.name for part in message.parts]


# Building.


def test_text_alone_is_a_users_message():
    assert MessageBuilder("hi").build() == LLMMessage.user("hi")


def test_files_come_first_each_in_its_fence(here):
    files(here, {"a.py": "x = 1", "b.txt": "words\n"})
    message = MessageBuilder("Compare.").add_file("a.py").add_file(Path("b.txt")).build()
    assert message.content == (
        "File: a.py\n```python\nx = 1\n```\n\n\nFile: b.txt\n```text\nwords\n```\n\n\nCompare."
    )
    assert message.role is MessageRole.User


def test_images_and_pdfs_are_parts(here):
    files(here, {"plot.png": picture(), "paper.pdf": PDF})
    message = MessageBuilder().add_file("paper.pdf").add_image("plot.png").build()
    assert message.content is None
    assert message.parts == (document_of("paper.pdf"), image_of("plot.png"))


def test_nothing_at_all_is_refused():
    with pytest.raises(BadArgument, match="neither text, files nor images"):
        MessageBuilder().build()


def test_a_builder_can_be_built_twice_and_go_on(here):
    files(here, {"a.txt": "a", "b.txt": "b"})
    builder = MessageBuilder("hi").add_file("a.txt")
    first = builder.build()
    assert builder.build() == first
    assert told_files(builder.add_file("b.txt").build()) == ["a.txt", "b.txt"]
    assert told_files(first) == ["a.txt"]


def test_what_was_added_is_what_was_seen_then(here):
    files(here, {"a.txt": "before"})
    builder = MessageBuilder().add_file("a.txt")
    files(here, {"a.txt": "after"})
    assert "before" in (builder.build().content or "")


def test_another_role_may_speak():
    builder = MessageBuilder("Be brief.")
    builder.role = MessageRole.System
    assert builder.build() == LLMMessage.system("Be brief.")


def test_an_empty_file_is_one_too(here):
    files(here, {"__init__.py": ""})
    message = MessageBuilder().add_files("__init__.py").build()
    assert message.content == "File: __init__.py\n```python\n```\n"


def test_a_builder_shows_in_short(here):
    files(here, {"a.txt": "words " * 1000})
    assert repr(MessageBuilder("hi").add_file("a.txt")) == "MessageBuilder('hi', 1 files, 0 parts)"


# The same again.


def test_the_same_file_counts_once_under_any_name(here):
    files(here, {"a.txt": "words", "sub/b.txt": "others", "p.png": picture(), "q.pdf": PDF})
    (here / "link.txt").symlink_to(here / "a.txt")
    (here / "link.png").symlink_to(here / "p.png")
    builder = MessageBuilder().add_files(
        "a.txt", here / "a.txt", "sub/../a.txt", "link.txt", "*.txt"
    )
    builder.add_images("p.png", here / "p.png", "link.png", "*.png").add_files("q.pdf", "./q.pdf")
    message = builder.build()
    assert told_files(message) == ["a.txt"]
    assert names(message) == ["p.png", "q.pdf"]


def test_the_same_picture_counts_once():
    data = picture()
    url = "https://a.example/b.png"
    builder = MessageBuilder().add_images(data, bytes(data), url, url, picture(colour="blue"))
    assert len(builder.build().parts) == 3


# Missing things.


@pytest.mark.parametrize(
    "add", ["add_file", "add_files", "add_image", "add_images", "load_content"]
)
def test_a_missing_file_is_an_error(here, add):
    with pytest.raises(BadArgument, match=r"No file 'missing\.txt'"):
        getattr(MessageBuilder(), add)("missing.txt")


@pytest.mark.parametrize("add", ["add_files", "add_images"])
@pytest.mark.parametrize("pattern", ["*.txt", "src/**/*.py", "no/such/*", "a[0-9].png", "?.png"])
def test_a_pattern_that_matches_nothing_is_an_error(here, add, pattern):
    with pytest.raises(BadArgument, match="No file matches") as caught:
        getattr(MessageBuilder(), add)(pattern)
    assert pattern in caught.value.message
    assert str(here) in caught.value.hint


@pytest.mark.parametrize("add", ["add_files", "add_images"])
def test_a_folder_without_such_files_is_an_error(here, add):
    files(here, {"sub/deeper/a.py": "x"})
    with pytest.raises(BadArgument, match=r"The folder 'sub' has no"):
        getattr(MessageBuilder(), add)("sub")


def test_a_refused_file_can_be_added_once_it_is_there(here):
    builder = MessageBuilder()
    with pytest.raises(BadArgument):
        builder.add_file("a.txt")
    files(here, {"a.txt": "words"})
    assert told_files(builder.add_file("a.txt").build()) == ["a.txt"]


# Patterns and folders.


def test_a_pattern_reaches_into_folders(here):
    files(here, {"src/b.py": "", "src/x/a.py": "", "src/x/y/c.py": "", "src/d.txt": ""})
    message = MessageBuilder().add_files("src/**/*.py").build()
    assert told_files(message) == ["src/b.py", "src/x/a.py", "src/x/y/c.py"]


def test_a_pattern_passes_over_folders(here):
    files(here, {"a.txt": "a", "b.txt/c": "c"})
    assert told_files(MessageBuilder().add_files("*.txt").build()) == ["a.txt"]


def test_a_name_that_looks_like_a_pattern_is_a_name_first(here):
    for name in ("data[1].txt", "data1.txt"):
        (here / name).write_text(name)
    assert told_files(MessageBuilder().add_files("data[1].txt").build()) == ["data[1].txt"]


def test_a_folder_gives_its_images_of_every_kind_and_case_by_name(here):
    kinds = {"b.PNG": "PNG", "a.jpeg": "JPEG", "d.JPG": "JPEG", "c.Gif": "GIF", "e.webp": "WEBP"}
    for number, (name, kind) in enumerate(kinds.items()):
        (here / name).write_bytes(picture(kind, colour=(number, 0, 0)))
    files(here, {"notes.txt": "words", "plot.svg": "<svg/>"})
    message = MessageBuilder().add_images(here).build()
    assert names(message) == ["a.jpeg", "b.PNG", "c.Gif", "d.JPG", "e.webp"]


def test_a_folder_gives_its_files_but_no_hidden_ones(here):
    files(here, {"b.py": "", "a.txt": "", ".hidden": "", "__init__": "", "sub/c.txt": ""})
    message = MessageBuilder().add_files(here).build()
    assert [Path(name).name for name in told_files(message)] == ["__init__", "a.txt", "b.py"]


def test_home_may_be_written_short(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    files(here, {"a.txt": "words"})
    assert len(told_files(MessageBuilder().add_files("~/a.txt", "~/*.txt").build())) == 1


# Wrong files.


@pytest.mark.parametrize("add", [MessageBuilder.add_file, MessageBuilder.add_files])
def test_text_that_is_not_utf_8_is_refused(here, add):
    files(here, {"a.txt": "naïve".encode("latin-1")})
    with pytest.raises(BadArgument, match=r"'a\.txt' is no text in UTF-8"):
        add(MessageBuilder(), "a.txt")


def test_an_image_among_files_is_not_left_out_in_silence(here):
    files(here, {"a.txt": "words", "b.png": picture()})
    with pytest.raises(BadArgument, match=r"b\.png' is an image") as caught:
        MessageBuilder().add_files(here)
    assert "add_image" in caught.value.hint


def test_what_is_no_image_is_refused_by_name(here):
    files(here, {"a.png": "words", "b.pdf": PDF})
    with pytest.raises(BadArgument, match=r"a\.png' is no png"):
        MessageBuilder().add_images("*.png")
    with pytest.raises(BadArgument, match=r"b\.pdf' is a PDF") as caught:
        MessageBuilder().add_image("b.pdf")
    assert "add_file" in caught.value.hint


def test_an_image_may_be_anything_that_shows_one():
    from matplotlib.figure import Figure

    uri = "data:image/gif;base64," + "A" * 5000
    with pytest.raises(BadArgument, match="data URI"):
        MessageBuilder().add_images(uri)
    assert len(MessageBuilder().add_images(Figure(), picture()).build().parts) == 2


# Languages.


@pytest.mark.parametrize(
    "path, language",
    [
        ("a.py", "python"),
        ("a.PY", "python"),
        (Path("src/a.cpp"), "c++"),
        ("a.c++", "c++"),
        ("a.jl", "julia"),
        ("a.ipynb", "json"),
        ("a.unknown", "text"),
        ("Makefile", "text"),
        (".py", "text"),
    ],
)
def test_a_language_is_known_by_the_ending(path, language):
    assert FileTypeSensor().get_language(path) == language


@pytest.mark.parametrize("ending", ["foo", ".foo", "FOO"])
def test_a_language_can_be_added_to_one_sensor(here, ending):
    files(here, {"a.foo": "x"})
    builder = MessageBuilder().add_file("a.foo")
    builder.type_sensor.add_language(ending, "foolish")
    assert "```foolish\n" in (builder.build().content or "")
    assert FileTypeSensor().get_language("a.foo") == "text"


@pytest.mark.parametrize(
    "ending, language", [("", "x"), ("x", ""), ("x", "a b"), ("x", "a`"), ("x", "a\nb")]
)
def test_a_language_is_one_word(ending, language):
    with pytest.raises(BadArgument, match="is not one word"):
        FileTypeSensor().add_language(ending, language)


# Fences.


def read_fence(block: str) -> tuple[str, str]:
    """What CommonMark takes for the inside of a fence, and what is left after it."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", block)
    opening = re.fullmatch(r"(`{3,})[^`]*\n", lines[0])
    assert opening
    closing = re.compile(rf" {{0,3}}`{{{len(opening[1])},}}[ \t]*[\r\n]*")
    end = next(number for number, line in enumerate(lines) if number and closing.fullmatch(line))
    return "".join(lines[1:end]), "".join(lines[end + 1 :])


@given(st.text(alphabet=st.sampled_from("`~ \n\ra\t>"), max_size=60))
def test_no_text_closes_its_fence(text):
    inside, after = read_fence(fenced(text, language="text"))
    assert after == ""
    assert inside == (text if not text or text.endswith("\n") else f"{text}\n")


@given(st.text())
def test_any_text_is_whole_in_its_fence(text):
    assert read_fence(fenced(text))[0].removesuffix("\n") == text.removesuffix("\n")


def test_a_fence_is_no_longer_than_it_must_be():
    assert fenced("a `b` ``c``") == "```\na `b` ``c``\n```\n"
    assert fenced("```py\n```") == "````\n```py\n```\n````\n"


# Templates.


@pytest.mark.parametrize(
    "template, text",
    [
        ("Dear {name},", "Dear Ada,"),
        ("{name} and {name}: {n}", "Ada and Ada: 3"),
        ("{{name}}", "{name}"),
        ("{{other}}", "{other}"),
        (r"\textbf{{{name}}}", r"\textbf{Ada}"),
        ("{{{{name}}}}", "{{name}}"),
        ('{"who": {"is": {name}}}', '{"who": {"is": Ada}}'),
        ("{{name} {name}}", "{Ada Ada}"),
        ('{"a": 1, "b": [{}]}', '{"a": 1, "b": [{}]}'),
        ("{ name } {name!r} {0} {name", "{ name } {name!r} {0} {name"),
        ("{first name}, {a-b}", "Ada L., 7"),
    ],
)
def test_names_in_braces_become_values(template, text):
    values = {"name": "Ada", "n": 3, "first name": "Ada L.", "a-b": 7}
    assert filled(template, values) == text


def test_values_are_put_in_once():
    values = {"a": "{b} {{a}}", "b": "{a}"}
    assert filled("{a}|{b}", values) == "{b} {{a}}|{a}"


@given(
    values=st.dictionaries(st.sampled_from(["a", "b", "c d", "e.f"]), st.text()),
    pieces=st.lists(
        st.tuples(
            st.text().filter(lambda text: not {*"{}"} & {*text}), st.text("abcdef. ", max_size=3)
        )
    ),
)
def test_any_value_stands_where_its_name_stood(values, pieces):
    known = [(text, name) for text, name in pieces if name in values]
    template = "".join(f"{text}{{{name}}}" for text, name in known)
    assert filled(template, values) == "".join(text + values[name] for text, name in known)


def test_names_without_a_value_are_named():
    with pytest.raises(BadArgument, match=r"no value for 'nmae', 'age'") as caught:
        filled("{nmae} {age} {nmae} {known}", {"name": "Ada", "known": 1})
    assert "'name'" in caught.value.hint
    with pytest.raises(BadArgument) as caught:
        filled("{zzz}", {})
    assert "{{zzz}}" in caught.value.hint


@pytest.mark.parametrize("name", ["", "a{b", "}", 3, None])
def test_a_name_must_be_one(name):
    with pytest.raises(BadArgument, match="cannot be a name"):
        filled("text", {name: "x"})


def test_none_is_no_value():
    with pytest.raises(BadArgument, match="'name' is None"):
        filled("{name}", {"name": None})


@pytest.mark.parametrize("value, text", [(3, "3"), (0.5, "0.5"), (date(2024, 2, 29), "2024-02-29")])
def test_values_may_be_numbers_and_the_like(value, text):
    assert filled("{it}", {"it": value}) == text


def test_many_braces_take_no_longer(here):
    template = "{" * 200_000 + "a" * 200_000
    assert filled(template, {"a": "x"}) == template


def test_a_template_is_read_from_a_file_and_replaces_the_text(here):
    files(here, {"prompt.txt": "Hi {who}: {what}.", "what.txt": "\n  {who}\n\n"})
    builder = MessageBuilder("old").load_content(
        "prompt.txt", {"who": "Ada", "what": Path("what.txt")}
    )
    assert builder.build().content == "Hi Ada:   {who}."
    with pytest.raises(BadArgument, match=r"'prompt\.txt' has no value for 'who'"):
        builder.load_content("prompt.txt", {})
    assert builder.content == "Hi Ada:   {who}."


def test_without_values_a_file_stays_as_it_is(here):
    files(here, {"prompt.txt": "{who} {{what}}\r\n"})
    assert MessageBuilder().load_content(Path("prompt.txt")).build().content == "{who} {{what}}\r\n"


def test_a_value_from_a_missing_file_is_an_error(here):
    files(here, {"prompt.txt": "{who}"})
    with pytest.raises(BadArgument, match=r"No file 'who\.txt'"):
        MessageBuilder().load_content("prompt.txt", template_values={"who": Path("who.txt")})
