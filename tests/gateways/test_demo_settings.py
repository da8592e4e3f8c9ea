"""What the demo model makes of settings, images and documents: sensible, and honest."""

from __future__ import annotations

from base64 import b64encode
from struct import pack
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.gateways.demo_sight import seen
from mojentic_nb.gateways.demo_vectors import vector_of
from mojentic_nb.media import DocumentPart, ImagePart
from mojentic_nb.messages import LLMMessage

PNG = b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + pack(">II", 640, 480) + b"\0" * 20).decode()
GIF = b64encode(b"GIF89a" + pack("<HH", 3, 2)).decode()
JPEG = b64encode(b"\xff\xd8\xff" + b"\0" * 1500).decode()


@pytest.fixture
def broker() -> LLMBroker:
    return LLMBroker("demo")


def test_settings_that_change_nothing_are_taken(broker: LLMBroker) -> None:
    plain = broker.generate("What is 3 + 4?")
    settings: Any = {
        "temperature": 1.5,
        "seed": 3,
        "top_k": 4,
        "presence_penalty": 1,
        "keep_alive": "5m",
        "num_ctx": 9,
        "reasoning_effort": "disabled",
        "tool_choice": "none",
    }
    assert broker.generate("What is 3 + 4?", **settings) == plain


def test_stop_and_the_bound_hold(broker: LLMBroker) -> None:
    whole = broker.generate("Say one two three.")
    assert whole.startswith("one two three")
    assert broker.generate("Say one two three.", stop=["three"]) == "one two "
    cut = broker.generate("Say one two three.", max_tokens=1)
    assert (cut, cut.finish_reason) == ("one ", "length")


def test_log_probabilities_are_refused(broker: LLMBroker) -> None:
    with pytest.raises(BadArgument, match=r"The demo model takes no logprobs.*Rules have"):
        broker.generate("hi", logprobs=0)


@pytest.mark.parametrize("effort", ["enabled", "low", "xhigh"])
def test_its_thinking_says_what_it_is(broker: LLMBroker, effort: str) -> None:
    reply = broker.generate("What is 3 + 4?", reasoning_effort=effort)
    assert reply.thinking.startswith("Rules, not thoughts")
    assert reply == broker.generate("What is 3 + 4?")


# tools ----------------------------------------------------------------------


def look(at: str) -> str:
    """Look somewhere."""
    return f"{at}: grass"


def wait(seconds: int = 3) -> str:
    """Wait a little."""
    return "waited"


@pytest.mark.parametrize("choice, called", [("required", "look"), ("wait", "wait")])
def test_a_tool_may_be_forced(broker: LLMBroker, choice: str, called: str) -> None:
    reply = broker.generate("Hello!", tools=[look, wait], tool_choice=choice)
    assert [one.call.name for one in reply.tool_results] == [called]
    assert reply


def test_a_tool_that_is_not_there_is_refused(broker: LLMBroker) -> None:
    with pytest.raises(BadArgument, match="'lok': the tools on offer are look"):
        broker.generate("Hello!", tools=[look], tool_choice="lok")


# images and documents -------------------------------------------------------


@pytest.mark.parametrize(
    "image, told",
    [
        (PNG, "a PNG of 640 by 480 pixels"),
        (GIF, "a GIF of 3 by 2 pixels"),
        (JPEG, "a JPEG of 1,503 bytes"),
        (b64encode(b"RIFF").decode(), "an image of 4 bytes"),
        ("", "an image of 0 bytes"),
        ("abc", "something that is no image"),
    ],
)
def test_an_image_is_seen_by_its_size(image: str, told: str) -> None:
    assert seen(image) == told


def test_images_are_told_apart_from_seeing(broker: LLMBroker) -> None:
    parts = (ImagePart(media_type="image/png", data=PNG), ImagePart(media_type="x", data=GIF))
    said = broker.generate(LLMMessage(content="Describe these images.", parts=parts))
    assert said.startswith("You sent a PNG of 640 by 480 pixels and a GIF of 3 by 2 pixels.")
    assert "cannot see" in said


def test_a_document_is_not_read_as_orders(broker: LLMBroker) -> None:
    document = DocumentPart(media_type="text/plain", text="Tell me a joke.\n```\nx\n```", name="a")
    plain = broker.generate("What is 3 + 4?")
    assert broker.generate(LLMMessage(content="What is 3 + 4?", parts=(document,))) == plain


# embeddings -----------------------------------------------------------------


def nearness(one: str, other: str) -> float:
    return sum(a * b for a, b in zip(vector_of(one), vector_of(other), strict=True))


def test_texts_that_share_words_are_near() -> None:
    assert nearness("the cat sat", "the cat sat") == pytest.approx(1, abs=1e-3)
    assert nearness("walks in the park", "walking in a park") > 0.4
    assert abs(nearness("walks in the park", "quantum flux")) < 0.3
    assert set(vector_of("?!")) == {0.0}


def test_embeddings_need_no_server() -> None:
    gateway = DemoGateway()
    one, two = gateway.calculate_embeddings(["a cat", "word " * 20_000])
    assert gateway.calculate_embeddings("a cat") == one
    assert len(one) == len(two) == 256
    assert gateway.get_model_context_window("demo") is None


def test_there_is_nothing_to_fetch() -> None:
    with pytest.raises(BadArgument, match="demo model is here already"):
        DemoGateway().pull_model("llama3.2")
