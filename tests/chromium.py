"""A real browser for tests of pages: Chromium without a window. `scripts/test_serving` installs what it needs.

A module that imports this one is skipped where something is missing. SCREENSHOTS=folder keeps pictures.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="scripts/test_serving installs playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="scripts/test_serving installs axe")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("needs chromium, which scripts/test_serving installs", allow_module_level=True)
PATIENCE = 20_000  # milliseconds: cores are shared
expect = playwright.expect
expect.set_options(timeout=PATIENCE)
QUIET = [f"--disable-{name}" for name in ("gpu", "quic", "background-networking", "component-update", "sync")]


@contextmanager
def launched() -> Iterator[Any]:
    """A browser."""
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, "--no-first-run"])
        yield started
        started.close()


@contextmanager
def new_page(browser: Any, **options: Any) -> Iterator[Any]:
    """A page in a context of its own. An error or a warning in its console fails the test."""
    context = browser.new_context(**options)
    opened, errors = context.new_page(), []
    opened.set_default_timeout(PATIENCE)
    opened.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert [error for error in errors if "status of 422" not in error] == []  # Chromium's own word for a refusal


@contextmanager
def opened_page(browser: Any, url: str, path: str = "/", **options: Any) -> Iterator[Any]:
    """The page of a server, open. options: of a Playwright context."""
    with new_page(browser, base_url=url, **{"viewport": {"width": 1100, "height": 760}, **options}) as opened:
        opened.goto(path)
        yield opened


def keep_picture(page: Any, name: str) -> None:
    """A screenshot for the documentation, where it is wanted."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def assert_accessible(page: Any) -> None:
    """Nothing that axe finds is serious."""
    found = axe.Axe().run(page).response["violations"]
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert serious == [], json.dumps(serious, indent=1)[:3000]
