"""JupyterLab for tests of widgets.

A worker starts one Lab when a test first asks, and one browser for each file: Playwright's
plain calls keep an event loop running in their thread, and no other test may meet it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.labs import (
    CHROMIUM_SWITCHES,
    HOW_TO_GET_IT,
    PATIENCE_MS,
    Lab,
    LabServer,
    chromium,
)

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.browser)
            # The first test of a file waits for Lab and a browser to start.
            item.add_marker(pytest.mark.timeout(180))


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A JupyterLab of this Python's, over an empty folder."""
    with LabServer(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Where a test opens notebooks: `lab.open("1 + 1").run(0)`."""
    browser = chromium()
    if browser is None:
        pytest.skip(HOW_TO_GET_IT)

    # Only now: without a browser no Lab is needed either.
    server: LabServer = request.getfixturevalue("lab_server")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=browser, args=CHROMIUM_SWITCHES)
        yield Lab(server, running)
        running.close()
