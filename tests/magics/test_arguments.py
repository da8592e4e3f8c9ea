"""The line after a magic: flags first, prose untouched, slips pointed at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.arguments import Flags, read_around, read_first, usage
from mojentic_nb.magics.options import ASK, FIX, STRUCTURED


def first(line):
    return read_first(line, ASK, magic="%llm")


def around(line):
    return read_around(line, STRUCTURED, magic="%%structured")


def typed(line):
    return Flags.of(first(line).typed, lambda name, value: value)


@pytest.mark.parametrize(
    "line",
    [
        "it's broken",
        "$5 or 5$?",
        "what is this;",
        'say "hi" -- twice',
        "-5 is what?",
        "--> go on",
        "- an item",
        "a = {x}",
        "",
    ],
)
def test_prose_is_left_as_it_was_typed(line):
    assert (first(line).typed, first(line).rest) == ({}, line)


@given(st.text(alphabet=st.characters(exclude_characters="-"), min_size=1))
def test_any_text_without_a_flag_is_a_prompt(text):
    assert first(text).rest == text.lstrip() or first(text).rest == text


@pytest.mark.parametrize(
    "line, flags, prompt",
    [
        ("-m demo hi", Flags(model="demo"), "hi"),
        ("--model=demo hi", Flags(model="demo"), "hi"),
        ("--model = hi", Flags(model="="), "hi"),
        ("-t 0.2 --fresh  hi -m x", Flags(temperature=0.2, fresh=True), "hi -m x"),
        ("-s 'You are \"it\"' hi", Flags(system='You are "it"'), "hi"),
        ('-s "a \\"b\\" c" hi', Flags(system='a "b" c'), "hi"),
        ("--max-tokens 1_000 hi", Flags(max_tokens=1000), "hi"),
        ("--image a --image=b --image 'c d' hi", Flags(image=("a", "b", "c d")), "hi"),
        ("-p terse --timeout 2.5 hi", Flags(persona="terse", timeout=2.5), "hi"),
        ("--context 3 --code --format json hi", Flags(context=3, code=True, format="json"), "hi"),
        ("--file 'my prompt.md'", Flags(file="my prompt.md"), ""),
        ("-m one -m two hi", Flags(model="two"), "hi"),
        ("--tools f,g,, -q hi", Flags(tools=("f", "g"), quiet=True), "hi"),
        ("-o x -- --raw data", Flags(out="x"), "--raw data"),
        ("--dry-run --no-stream --raw --math --debug hi",
         Flags(dry_run=True, no_stream=True, raw=True, math=True, debug=True), "hi"),
    ],
)  # fmt: skip
def test_flags_stand_first(line, flags, prompt):
    assert (typed(line), first(line).rest) == (flags, prompt)


@pytest.mark.parametrize(
    "line, told",
    [
        ("--modle demo hi", "--modle is not a flag of %llm (column 1). Did you mean --model?"),
        ("-m demo --tols f hi", "(column 9). Did you mean --tools?"),
        ("-m", "-m needs a MODEL"),
        ("-m --fresh hi", "-m needs a MODEL"),
        ("-s 'open", "The quote after -s is not closed"),
        ("--fresh=no hi", "--fresh takes no value"),
        ("-t warm hi", "--temperature takes a number, not 'warm'"),
        ("--max-tokens 0 hi", "--max-tokens takes a whole number above 0, not '0'"),
        ("--tools , hi", "--tools names no tool"),
        ("--imgae x hi", "(column 1). Did you mean --image?"),
        ("-q --formt json hi", "(column 4). Did you mean --format?"),
        ("--code --presona x hi", "(column 8). Did you mean --persona?"),
        ("--contxt 3 hi", "Did you mean --context?"),
        ("--tiemout 3 hi", "Did you mean --timeout?"),
        ("--flie x hi", "Did you mean --file?"),
        ("--format jsn hi", "--format jsn: there is no such format. Did you mean json?"),
        ("--format x hi", "There are md, text, json, html, math, code."),
        ("--context all hi", "--context takes a whole number above 0, not 'all'"),
        ("--timeout 0 hi", "--timeout takes seconds above 0, not '0'"),
        ("--timeout inf hi", "--timeout takes seconds above 0, not 'inf'"),
        ("--timeout nan hi", "--timeout takes seconds above 0, not 'nan'"),
        ("--code=now hi", "--code takes no value"),
        ("--image", "--image needs a NAME"),
        ("--persona '' hi", "--persona is empty"),
    ],
)
def test_a_slip_is_pointed_at(line, told):
    with pytest.raises(BadArgument) as caught:
        typed(line)

    assert told in str(caught.value)


def test_a_flag_after_the_prompt_began_is_noticed():
    assert first("hi there -m demo").late == "-m"
    assert first("-- hi -m demo").late == ""
    assert first("ls -la is what?").late == ""


@pytest.mark.parametrize(
    "line, rest, out",
    [
        ("Person -o p", "Person", "p"),
        ("-o p name, age int", "name, age int", "p"),
        ("name, -o p age int", "name, age int", "p"),
        ('name "the -o person" -o p', 'name "the -o person"', "p"),
        ("name 'a  b', age int", "name 'a  b', age int", None),
        ("score int, delta (-1|0|1)", "score int, delta (-1|0|1)", None),
    ],
)
def test_around_a_type_flags_stand_anywhere(line, rest, out):
    read = around(line)
    assert (read.rest, read.typed.get("out")) == (rest, out and [out])


@pytest.mark.parametrize("options", [ASK, FIX, STRUCTURED])
def test_every_flag_is_in_the_usage(options):
    text = usage(["Ask."], options)
    assert all(flag in text for option in options for flag in option.spellings)


@pytest.mark.parametrize("options", [ASK, FIX, STRUCTURED])
def test_no_two_flags_are_spelled_alike(options):
    spellings = [flag for option in options for flag in option.spellings]
    assert len(spellings) == len(set(spellings))
