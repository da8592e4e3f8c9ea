"""`python -m benchmarks.pixels`: from the provider's socket to the page's pixels.

Law: one clock. A server on this machine writes into each delta when it sent it; the page of a
real JupyterLab notes when that was painted. What a delta waits by design for the next message
(`chat_turn.SEND_S` and what it grows to) is taken off; the rest has to stay below the bar.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mojentic_nb.widgets.chat_turn import SEND_S, SLOWER_AFTER, SLOWEST_S
from tests.browser.labs import CHROMIUM_SWITCHES, HOW_TO_GET_IT, Lab, LabServer, chromium

__all__ = ["main"]

MOST_MS = 50.0
DELTAS, PACE_S, DELTAS_IN_BLOCK = 400, 0.02, 25
CHAT = """
from mojentic_nb import LLMBroker, OpenAIGateway
from mojentic_nb.chat import ChatSession
from mojentic_nb.widgets.chat import ChatWidget
ChatWidget(ChatSession(LLMBroker("m", OpenAIGateway("k", "URL/v1")), max_context=100_000))
"""
# A message posted within a frame is handled when that frame has been painted.
WATCH = r"""() => {
  window.painted = [];
  const known = new Set();
  const painted = new MessageChannel();
  painted.port1.onmessage = ({ data }) => {
    const now = performance.timeOrigin + performance.now();
    window.painted.push(...data.map(sent => [sent, now]));
  };
  let length = 0;
  function look() {
    const text = document.querySelector(".mj-chat .turn.live")?.textContent ?? "";
    if (text.length !== length) {
      length = text.length;
      const shown = text.slice(-1500).match(/\b\d{13}\.\d{3}\b/g) ?? [];
      const fresh = shown.filter(one => !known.has(one));
      fresh.forEach(one => known.add(one));
      painted.port2.postMessage(fresh.map(Number));
    }
    requestAnimationFrame(look);
  }
  look();
}"""


class Stamping(BaseHTTPRequestHandler):
    """OpenAI's stream, of which each delta is the time when it was sent."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for nth in range(DELTAS):
            time.sleep(PACE_S)
            end = "\n\n" if nth % DELTAS_IN_BLOCK == DELTAS_IN_BLOCK - 1 else " "
            self._say({"delta": {"content": f"{time.time() * 1000:.3f}{end}"}})
        self._say({"delta": {}, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _say(self, choice: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps({'choices': [{'index': 0, **choice}]})}\n\n".encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def stamping() -> Iterator[str]:
    """A server of stamped deltas; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stamping)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def measured(browser: Path) -> list[tuple[float, float]]:
    """When each delta was sent and painted, in milliseconds."""
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory() as room,
        stamping() as url,
        LabServer(Path(room)) as lab,
        sync_playwright() as play,
    ):
        running = play.chromium.launch(executable_path=browser, args=CHROMIUM_SWITCHES)
        notebook = Lab(lab, running).open(CHAT.replace("URL", url))
        text = notebook.run(0).get_by_label("Message", exact=True)
        notebook.page.evaluate(WATCH)
        text.fill("Go")
        text.press("Enter")
        notebook.page.locator(".turn:not(.live) .about .quiet").wait_for()
        found: list[tuple[float, float]] = notebook.page.evaluate("painted")
        running.close()

    return [(sent, painted) for sent, painted in found]


def over_the_throttle(found: list[tuple[float, float]]) -> list[float]:
    """What each delta took besides the pause between two messages at that time."""
    frames = sorted({painted for _, painted in found})
    nth = {painted: number for number, painted in enumerate(frames)}

    def pause_ms(painted: float) -> float:
        return 1000 * min(SEND_S * (1 + nth[painted] / SLOWER_AFTER), SLOWEST_S)

    return [painted - sent - pause_ms(painted) for sent, painted in found]


def main() -> int:
    """Print median and 95th percentile; 1 where the bar is missed."""
    browser = chromium()
    if browser is None:
        print(HOW_TO_GET_IT, file=sys.stderr)
        return 2

    found = measured(browser)
    assert len(found) > 0.95 * DELTAS, f"{len(found)} of {DELTAS} deltas were seen"
    for name, each in (
        ("socket to pixel", [painted - sent for sent, painted in found]),
        ("over the throttle", over_the_throttle(found)),
    ):
        middle, high = statistics.median(each), statistics.quantiles(each, n=20)[-1]
        print(f"{name}: median {middle:.0f} ms, 95 % below {high:.0f} ms, {len(each)} deltas")

    return 1 if high > MOST_MS else 0


if __name__ == "__main__":
    sys.exit(main())
