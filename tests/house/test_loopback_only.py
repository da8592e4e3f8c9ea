"""The guard of tests/conftest.py holds: nothing here can reach another machine."""

from __future__ import annotations

import os
import socket

import pytest

# TEST-NET-1 (RFC 5737): an address that belongs to nobody.
ELSEWHERE = ("192.0.2.1", 80)


@pytest.mark.parametrize("how", ["connect", "connect_ex"])
def test_another_machine_is_refused(how):
    with socket.socket() as line, pytest.raises(AssertionError, match="only loopback"):
        getattr(line, how)(ELSEWHERE)


def test_this_machine_is_not():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_nobodys_keys_are_read():
    ours = {name for name in os.environ if name.startswith(("OPENAI_", "ANTHROPIC_"))}
    assert ours == set()
    assert os.environ["OLLAMA_HOST"] == "http://127.0.0.1:9"
