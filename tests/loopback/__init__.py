"""A provider on 127.0.0.1 that says exactly what a test scripted.

Law: a real server on a real socket, which never imports mojentic_nb: a
mistake in our decoders must not be able to hide in the thing that tests
them. Only standard library, so a benchmark can run it in its own process.

To follow one request: `server.py` accepts and records it, `line.py` reads
and writes HTTP, `ollama.py` / `openai.py` / `anthropic.py` word the answer,
`faults.py` spoils it on request, `delivery.py` paces it onto the socket.
"""

from tests.loopback.answer import Answer, Fault, ToolUse
from tests.loopback.seen import Seen
from tests.loopback.server import Loopback

__all__ = ["Answer", "Fault", "Loopback", "Seen", "ToolUse"]
