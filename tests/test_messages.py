"""Messages: what goes with the text, what JSON keeps, and what is read before a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from mojentic_nb.errors import BadArgument
from mojentic_nb.media import DocumentPart, ImagePart, document_of, image_of
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole, as_messages
from tests.pictures import PDF, picture
from tests.shapes import PROTOCOLS, every_shape


class Star(BaseModel):
    name: str
    magnitude: float


@dataclass
class Galaxy:
    name: str
    stars: list[Star]


VEGA = Star(name="Vega", magnitude=0.03)


# What goes with the text.


def test_images_and_documents_stand_before_the_text():
    message = LLMMessage.user("Compare.", images=[picture("JPEG")], documents=[PDF])
    assert message.content == "Compare."
    assert [type(part) for part in message.parts] == [ImagePart, DocumentPart]


@pytest.mark.parametrize("several", [list, tuple, iter])
def test_several_images_keep_their_order(tmp_path, several):
    for name in "ba":
        (tmp_path / f"{name}.png").write_bytes(picture())
    paths = [tmp_path / "b.png", str(tmp_path / "a.png")]
    message = LLMMessage.user("", images=several(paths))
    assert [part.name for part in message.parts] == ["b.png", "a.png"]


def test_a_single_one_may_stand_alone(tmp_path):
    (tmp_path / "notes.md").write_text("words")
    message = LLMMessage.user("Read.", images=picture(), documents=str(tmp_path / "notes.md"))
    assert [part.media_type for part in message.parts] == ["image/png", "text/markdown"]


def test_none_is_no_image_and_no_documents_either():
    assert LLMMessage.user("hi", images=None, documents=None).parts == ()
    with pytest.raises(BadArgument, match="NoneType"):
        LLMMessage.user("hi", images=[None])


def test_an_image_may_say_it_all():
    assert LLMMessage.user(images=picture()).content is None
    with pytest.raises(BadArgument, match="needs text, images or documents"):
        LLMMessage.user()


def test_roles_are_made_by_name():
    call = LLMToolCall(name="look")
    made = [
        LLMMessage.system("s"),
        LLMMessage.user("u"),
        LLMMessage.assistant("a"),
        LLMMessage.tool("t", call=call, is_error=True),
    ]
    assert [message.role for message in made] == list(MessageRole)
    assert (made[3].tool_calls, made[3].is_error) == ([call], True)


# Mojentic's image_paths.


def test_image_paths_are_read_when_the_request_is_planned(tmp_path):
    path = tmp_path / "plot.png"
    message = LLMMessage(content="What is it?", image_paths=[str(path)])
    path.write_bytes(picture())
    (planned,) = as_messages(message)
    assert planned.parts == (image_of(path),)
    assert planned.image_paths is None
    assert planned.content == "What is it?"


def test_the_callers_messages_stay_as_they_are(tmp_path):
    (tmp_path / "plot.png").write_bytes(picture())
    given = [LLMMessage.system("s"), LLMMessage(image_paths=[tmp_path / "plot.png"])]
    before = [message.model_copy() for message in given]
    planned = as_messages(given)
    assert given == before
    assert planned[0] is given[0]
    assert planned[1] is not given[1]


def test_image_paths_follow_the_parts_and_may_be_addresses():
    message = LLMMessage(
        content="a", parts=(image_of(picture()),), image_paths=["https://a.example/b.png"]
    )
    (planned,) = as_messages([message])
    assert [part.type for part in planned.parts] == ["image", "image"]
    assert planned.parts[1] == ImagePart(url="https://a.example/b.png", name="b.png")


def test_image_paths_must_be_a_list():
    with pytest.raises(ValidationError):
        LLMMessage(content="a", image_paths="plot.png")


@every_shape
@pytest.mark.parametrize("protocol", PROTOCOLS, ids=repr)
def test_a_missing_image_is_an_error_and_nothing_is_sent(loopback, shape, protocol):
    message = LLMMessage(content="What is it?", image_paths=["missing.png"])
    told = shape.run(protocol.broker(loopback.url, api_key="k"), message)
    assert type(told.error) is BadArgument
    assert "missing.png" in told.error.message
    assert loopback.requests == []


# JSON.


@pytest.mark.parametrize(
    "value, plain",
    [
        (VEGA, {"name": "Vega", "magnitude": 0.03}),
        ([VEGA], [{"name": "Vega", "magnitude": 0.03}]),
        (
            Galaxy("Milky Way", [VEGA]),
            {"name": "Milky Way", "stars": [{"name": "Vega", "magnitude": 0.03}]},
        ),
        ({"deep": {"er": (1, VEGA)}}, {"deep": {"er": [1, VEGA.model_dump()]}}),
        (MessageRole.User, "user"),
        (None, None),
        (3, 3),
    ],
)
def test_an_object_keeps_its_fields(value, plain):
    message = LLMMessage(role=MessageRole.Assistant, content="{}", object=value)
    assert LLMMessage.model_validate_json(message.model_dump_json()).object == plain
    assert message.object is value


def test_everything_else_comes_back_as_it_was(tmp_path):
    (tmp_path / "notes.md").write_text("words")
    whole = LLMMessage(
        role=MessageRole.Assistant,
        content="Größe\n",
        thinking="hm",
        tool_calls=[LLMToolCall(id="1", name="look", arguments={"at": [1, {"b": None}]})],
        image_paths=["a.png"],
        parts=(
            image_of(picture()),
            ImagePart(url="https://a.example/b.png"),
            document_of(PDF),
            document_of(tmp_path / "notes.md"),
        ),
        provider_state={"anthropic": [{"signature": "abc"}]},
        is_error=True,
    )
    assert LLMMessage.model_validate_json(whole.model_dump_json()) == whole
    assert LLMMessage.model_validate(whole.model_dump()) == whole


# What shows.


@pytest.mark.parametrize("show", [repr, str, lambda message: repr(list(message.__rich_repr__()))])
def test_what_a_message_carries_does_not_show(show: Any):
    image, document = image_of(picture()), document_of("many words", name="a.txt")
    message = LLMMessage.user("look", images=[image], documents=[document])
    text = show(message)
    assert image.data not in text
    assert "many words" not in text
    assert "image/png" in text
    assert "a.txt" in text


def test_a_message_shows_in_short():
    assert repr(LLMMessage.user("hi")) == "LLMMessage(role='user', content='hi')"
    assert repr(LLMMessage(object=0)) == "LLMMessage(role='user', object=0)"
    uri = "data:image/png;base64," + "iVBORw0KGgo" * 100
    shown = repr(LLMMessage(content="hi", image_paths=["a.png", uri]))
    assert "a.png" in shown
    assert len(shown) < 120
