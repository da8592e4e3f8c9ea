"""`python -m tests.loopback --port 0`: the server in a process of its own.

Law: prints its address on the first line and nothing else, and ends when its
stdin closes, so that a benchmark which dies takes its server along.
"""

from __future__ import annotations

import argparse
import sys
import threading

from tests.loopback.server import serve_until


def main() -> None:
    """Serve until stdin closes or the process is stopped."""
    words = argparse.ArgumentParser(prog="python -m tests.loopback", description=__doc__)
    words.add_argument("--port", type=int, default=0, help="0 takes any free port")
    words.add_argument("--separate", action="store_true", help="one write per frame")
    chosen = words.parse_args()
    stop = threading.Event()
    threading.Thread(target=wait_for_end, args=(stop,), daemon=True).start()
    serve_until(stop, port=chosen.port, coalesce=not chosen.separate)


def wait_for_end(stop: threading.Event) -> None:
    """Set the event when nobody holds our stdin any more."""
    sys.stdin.buffer.read()
    stop.set()


if __name__ == "__main__":
    main()
