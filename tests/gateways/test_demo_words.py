"""What the demo model says in words."""

from __future__ import annotations

import pytest

from mojentic_nb.gateways.demo_arithmetic import expression_in, worked_out
from mojentic_nb.gateways.demo_rules import Asked, long_text
from mojentic_nb.gateways.demo_words import answer, reply


@pytest.mark.parametrize(
    "prompt, told",
    [
        ("Hello!", "Hello!"),
        ("What is 17*23?", "**391**"),
        ("what is 3 plus 4", "**7**"),
        ("What is 15% of 80?", "**12**"),
        ("What is 1,200 / 4?", "**300**"),
        ("What is (2+3)*4?", "**20**"),
        ("10/0", "divides by zero"),
        ("How many words are in 'the quick brown fox'?", "**4** words"),
        ("How many r's are in strawberry?", "**3**"),
        ("Count the letters in: abc de", "**5** letters"),
        ("Reverse the word hello", "olleh"),
        ("upper-case: make it loud", "MAKE IT LOUD"),
        ("List three fruits", "1. apple\n2. banana\n3. cherry"),
        ("Give me five ideas for a talk about bees", "5. Example 5"),
        ("Count from 1 to 5", "1, 2, 3, 4, 5"),
        ("Write a function that checks whether a number is prime", "def is_prime("),
        ("write a function to merge two dicts", "def merge_"),
        ("Make a table of planets", "| 1 | Mercury | 7 |"),
        ("Write a haiku about Jupyter", "Jupyter, cell by cell,\n"),
        ("Tell me a joke", "kernel"),
        ("Explain photosynthesis.", "chloroplasts"),
        ("What is a large language model?", "next token"),
        ("Why is the sky blue?", "scatters"),
        ("What is the capital of France?", "**Paris**"),
        ("What is Tokyo the capital of?", "**Japan**"),
        ("Translate hello into French", "**bonjour**"),
        ("Say hello in three languages", "- Spanish: hola"),
        ("Say: ready", "ready"),
        ("Is 91 prime?", "7 divides it"),
        ("Classify the sentiment: I love it", "**positive**"),
        ("Summarise: Ada wrote. Grace built. Alan thought.", "In short: Ada wrote. Grace built."),
        ("What time is it?", "no clock"),
        ("My name is Ada", "Nice to meet you, **Ada**"),
        ("Are you a real AI?", "not a language model"),
        ("What should I cook tonight?", "You asked: *What should I cook tonight?*"),
        ("What should I cook tonight?", "ollama:llama3.2"),
    ],
)
def test_a_prompt_is_answered(prompt: str, told: str) -> None:
    assert told in answer(Asked(prompt=prompt))


@pytest.mark.parametrize(
    "before, prompt, told",
    [
        (["My name is Ada."], "What is my name?", "**Ada**"),
        (["I'm Ada, hello", "My name is Grace"], "Do you know my name?", "**Grace**"),
        (["My favourite colour is blue."], "What's my favourite colour?", "**blue**"),
        (["I live in Oslo and I am 36"], "How old am I?", "**36**"),
        (["I live in Oslo"], "Where do I live?", "**Oslo**"),
        (["Remember that the door is green."], "What should you remember?", "the door is green"),
        (["What is 2+2?"], "What did I just ask?", "What is 2+2?"),
        (["one", "two"], "What was my first question?", "one"),
        (["one", "two"], "How many questions have I asked?", "**2**"),
        ([], "What is my name?", "not told me"),
        ([], "What did I just ask?", "first message"),
    ],
)
def test_the_conversation_is_remembered(before: list[str], prompt: str, told: str) -> None:
    assert told in answer(Asked(prompt=prompt, before=tuple(before)))


def test_the_first_answer_says_that_no_language_model_wrote_it() -> None:
    assert "rule-based, not a language model" in reply(Asked(prompt="Hello"))
    assert "rule-based" not in reply(Asked(prompt="Hello", introduced=True))
    assert "rule-based" in reply(Asked(prompt="Are you human?", introduced=True))


@pytest.mark.parametrize(
    "system, prompt, said",
    [
        ("Answer in one word.", "What is the capital of Italy?", "Rome"),
        ("", "What is the capital of Italy? Answer in one word.", "Rome"),
        ("", "What is 2+2? Answer with just the number.", "4"),
        ("", "Say only: done", "done"),
    ],
)
def test_a_wish_for_little_is_granted(system: str, prompt: str, said: str) -> None:
    assert reply(Asked(prompt=prompt, system=system)) == said


def test_a_pirate_sounds_like_one() -> None:
    assert reply(Asked(prompt="Hello", system="You are a pirate.")).startswith("Arr! Hello!")


def test_an_image_is_not_pretended_to_be_seen() -> None:
    said = answer(Asked(prompt="Describe this picture", images=("a PNG of 3 by 2 pixels",)))
    assert said.startswith("You sent a PNG of 3 by 2 pixels. More than that ")
    assert "cannot see" in said


@pytest.mark.parametrize("words", [1, 7, 60, 1000])
def test_a_long_text_has_as_many_words_as_asked(words: int) -> None:
    assert len(long_text(words).split()) == words
    assert len(reply(Asked(prompt=f"Write a story of {max(words, 20)} words")).split()) >= words


@pytest.mark.parametrize(
    "text, expression",
    [
        ("add 3 and 4", "3 + 4"),
        ("subtract 2 from 10", "10 - 2"),
        ("twenty-five times three", "25 * 3"),
        ("the square root of 16", "16 ** 0.5"),
        ("(what is 2 + 2)", "2 + 2"),
        ("2026-12-24", None),
        ("no sum here", None),
    ],
)
def test_a_sum_is_found_in_words(text: str, expression: str | None) -> None:
    assert expression_in(text) == expression


@pytest.mark.parametrize("expression", ["9**9**9", "2 +", "(-8) ** 0.5", "1 if 1 else 2"])
def test_what_is_no_sum_or_too_large_is_declined(expression: str) -> None:
    assert worked_out(expression) is None
