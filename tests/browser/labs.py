"""A real JupyterLab, and its notebooks in a real Chromium.

Law: waits for what can be seen, never for time to pass. Everything Lab reads and writes is
in a folder of its own; nothing of the person's Jupyter is touched.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tests.real_server import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

# For a machine that is slow or loaded; nothing waits longer than what it waits for.
PATIENCE_S = 45
PATIENCE_MS = 1000 * PATIENCE_S
CHROMIUM = "/usr/bin/chromium"
HOW_TO_GET_IT = (
    "no Chromium for the browser tests. `apt-get install --no-install-recommends chromium "
    "fonts-dejavu-core` brings one; name another in CHROMIUM"
)
# Nothing of the browser's own traffic, and no sandbox inside a container.
CHROMIUM_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUIET = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    # Every cell stays in the page, seen or not.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
# Lab's own command: a key pressed too early would be lost.
RUN = """index => {
  const notebook = jupyterapp.shell.currentWidget.content;
  const cells = notebook.widgets.filter(cell => cell.model.type === "code");
  notebook.activeCellIndex = notebook.widgets.indexOf(cells[index]);
  window.finished = { ...window.finished, [index]: false };
  jupyterapp.commands.execute("notebook:run-cell").then(() => { finished[index] = true; });
}"""
# As Lab keeps it: what is drawn of it may come a frame later.
PRINTED = """index => {
  const cells = jupyterapp.shell.currentWidget.content.widgets;
  const { outputs } = cells.filter(cell => cell.model.type === "code")[index].model;
  return outputs.toJSON().map(one => [one.text ?? ""].flat().join("")).join("");
}"""
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def chromium() -> Path | None:
    """Where the browser is, if it is."""
    place = Path(os.environ.get("CHROMIUM", CHROMIUM))
    return place if place.is_file() else None


class LabServer:
    """One running JupyterLab over a folder, as a context manager."""

    def __init__(self, room: Path, **environment: str) -> None:
        self.notebooks = room / "notebooks"
        self.notebooks.mkdir(parents=True)
        self._url = f"http://127.0.0.1:{free_port()}"
        self._token = secrets.token_hex(16)
        self._log = room / "lab.log"
        left_out = ("PYTEST_CURRENT_TEST",)  # its kernels are a person's, not a test's
        kept = {name: word for name, word in os.environ.items() if name not in left_out}
        self._environment = {**kept, **_own_places(room), **environment}

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_up(seconds=60)
        except BaseException:
            self._stop()
            raise

        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def address(self, name: str) -> str:
        """Where a notebook opens, in a fresh workspace."""
        return f"{self._url}/lab/tree/{name}?token={self._token}&reset"

    def _command(self) -> list[str]:
        port = self._url.rpartition(":")[2]
        return [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
            f"--IdentityProvider.token={self._token}",
            f"--ServerApp.root_dir={self.notebooks}",
            "--LabApp.news_url=",
            "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
            "--LabApp.expose_app_in_browser=True",
        ]

    def _wait_until_up(self, *, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self._url}/api", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                self._pause()

        raise RuntimeError(f"JupyterLab did not come up:\n{self._log.read_text()[-2000:]}")

    def _pause(self) -> None:
        try:
            self._process.wait(0.05)
        except subprocess.TimeoutExpired:
            return

    def _stop(self) -> None:
        # Asked politely it takes its kernels along.
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _own_places(room: Path) -> dict[str, str]:
    """Environment that keeps Jupyter's files in `room`, with the settings of QUIET."""
    places = {
        "JUPYTER_CONFIG_DIR": room / "config",
        "JUPYTER_DATA_DIR": room / "data",
        "JUPYTER_RUNTIME_DIR": room / "runtime",
        "IPYTHONDIR": room / "ipython",
    }
    overrides = room / "config" / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps(QUIET))
    return {name: str(place) for name, place in places.items()}


class Lab:
    """Notebooks of one server in one browser."""

    def __init__(self, server: LabServer, browser: Browser) -> None:
        self._server = server
        self._browser = browser
        self._opened = 0

    def open(self, *cells: str, theme: str = "light", width: int = 1280) -> Notebook:
        """Open a new notebook of these cells; gives it when its kernel is ready.

        Args:
            theme: Light or dark.
            width: Of the window, in CSS pixels.
        """
        self._opened += 1
        name = f"notebook_{self._opened}.ipynb"
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        written = new_notebook(
            cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": spec}
        )
        path = self._server.notebooks / name
        nbformat.write(written, path)
        page = self._browser.new_page(viewport={"width": width, "height": 800})
        page.set_default_timeout(PATIENCE_MS)
        return Notebook(page, path)._opened_at(self._server.address(name), theme)

    def of(self, server: LabServer) -> Lab:
        """Notebooks of another server, in the same browser."""
        return Lab(server, self._browser)

    @contextmanager
    def blank(self, html: str = "") -> Iterator[Page]:
        """A page of its own with nothing but this on it."""
        page = self._browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.set_content(html)
        try:
            yield page
        finally:
            page.close()


class Notebook:
    """One open notebook, as the person at it sees and works it."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.path = path
        # What scripts of the page complained of.
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _opened_at(self, address: str, theme: str) -> Self:
        self.page.goto(address)
        self.page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
        # Always: Lab keeps what the notebook before this one chose.
        self.command("apputils:change-theme", {"theme": THEMES[theme]})
        self.page.locator(f"body[data-jp-theme-name='{THEMES[theme]}']").wait_for(state="attached")
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.ready")
        self.wait_until_idle()
        return self

    def close(self) -> None:
        """Close the page; the kernel goes with the server."""
        self.page.close()

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Run one of Lab's commands, as its menus do."""
        self.page.evaluate(
            "([name, given]) => window.jupyterapp.commands.execute(name, given)",
            [name, arguments or {}],
        )

    def cell(self, index: int) -> Locator:
        """A code cell, counted from 0."""
        return self.page.locator(".jp-NotebookPanel .jp-CodeCell").nth(index)

    def output(self, index: int) -> Locator:
        """What stands below a code cell."""
        return self.cell(index).locator(".jp-OutputArea").first

    def begin(self, index: int) -> Locator:
        """Run a cell and do not wait; gives its output."""
        self.page.evaluate(RUN, index)
        return self.output(index)

    def run(self, index: int) -> Locator:
        """Run a cell to its end; gives its output."""
        begun = self.begin(index)
        self.finish(index)
        return begun

    def printed(self, index: int) -> str:
        """Run a cell to its end; gives what it printed."""
        self.run(index)
        return str(self.page.evaluate(PRINTED, index)).strip()

    def finish(self, index: int) -> None:
        """Wait until a begun cell is done."""
        self.page.wait_for_function("index => window.finished[index]", arg=index)
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until the kernel is there and has nothing to do."""
        self.page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()

    def interrupt(self) -> None:
        """Press the toolbar's stop button."""
        self.page.get_by_role("button", name="Interrupt the kernel").click()

    def saved(self) -> nbformat.NotebookNode:
        """Save, and read what is on the disk then."""
        before = self.path.stat().st_mtime_ns
        self.command("docmanager:save")
        self.page.locator(".jp-mod-dirty").wait_for(state="detached")
        assert self.path.stat().st_mtime_ns != before
        return nbformat.read(self.path, as_version=4)
