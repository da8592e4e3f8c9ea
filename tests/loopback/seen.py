"""What the server saw of one request.

Law: written by the server's thread, read by the test's. The fields are final
before the object is published; the two events say how the answer ended.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Seen:
    """One request, in order of arrival.

    Attributes:
        headers: Names in lower case.
        body: Parsed JSON; None when there was no body or it did not parse.
        connection: Which TCP connection carried it, counted from 1.
        hung_up: Set when the client closed before the answer was complete.
        finished: Set when the server is through with it, however it ended;
            always after `hung_up`.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    connection: int
    hung_up: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def key(self) -> str:
        """The API key as sent, or an empty string."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else self.headers.get("x-api-key", "")

    @property
    def model(self) -> str:
        """The model asked for, or an empty string."""
        model = self.body.get("model", "") if isinstance(self.body, dict) else ""
        return str(model)
