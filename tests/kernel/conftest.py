"""Kernels for tests; one for each test, since what a test does may hurt it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.kernels import Kernel
from tests.loopback import Loopback

HOW_TO_GET_COLAB = (
    "No Colab environment: .ci/colab DIRECTORY makes one; name its Python in COLAB_PYTHON."
)
READY = "%load_ext mojentic_nb\n%llm_config model=ollama:m max_context=32768"


@pytest.fixture
def kernel(loopback: Loopback) -> Iterator[Kernel]:
    """A kernel with the magics loaded, whose Ollama is the loopback server."""
    with Kernel(OLLAMA_HOST=loopback.url) as running:
        assert running.run(READY).status == "ok"
        yield running


@pytest.fixture(scope="session")
def colab_python() -> str:
    """The Python of an environment as Colab has it."""
    python = os.environ.get("COLAB_PYTHON", "")
    if not Path(python).is_file():
        pytest.skip(HOW_TO_GET_COLAB)

    return python
