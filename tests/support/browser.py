"""Chromium, driven by Playwright, and what a person sees in the viewer."""

import base64
import io
import itertools
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_CANVAS = "[data-testid=viewer-screen] canvas"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser with a fresh profile. Fails when Chromium is missing."""
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def sign_in(page: Page, url: str, email: str, password: str) -> None:
    """Through the form, as a person does."""
    page.goto(url)
    page.get_by_test_id("sign-in-email").locator("input").or_(
        page.locator("input[data-testid=sign-in-email]")
    ).first.fill(email)
    page.get_by_test_id("sign-in-password").locator("input").or_(
        page.locator("input[data-testid=sign-in-password]")
    ).first.fill(password)
    page.get_by_test_id("sign-in-submit").click()


def wait_connected(page: Page, *, seconds: float = 60) -> None:
    """Until the viewer shows frames."""
    page.wait_for_selector("[data-testid=viewer-screen][data-state=connected]", timeout=seconds * 1000)
    page.wait_for_selector(_CANVAS, timeout=5000)


def screen(page: Page) -> Image.Image:
    """The framebuffer as the canvas holds it, unscaled, in grey."""
    data = page.evaluate(f"document.querySelector('{_CANVAS}').toDataURL('image/png')")
    return Image.open(io.BytesIO(base64.b64decode(data.split(",", 1)[1]))).convert("L")


def settled(page: Page, *, seconds: float = 30) -> Image.Image:
    """The screen once it is drawn and no longer changes."""
    deadline = time.monotonic() + seconds
    before = screen(page)
    while time.monotonic() < deadline:
        page.wait_for_timeout(800)
        now = screen(page)
        if shades(now) > 2 and now.size == before.size and now.tobytes() == before.tobytes():
            return now
        before = now
    raise AssertionError(f"the screen did not come to rest: {before.size}, {shades(before)} shades")


def shades(image: Image.Image) -> int:
    """How many different greys there are: one means an empty screen."""
    return len(set(image.tobytes()))


def occurrences(image: Image.Image, pattern: Image.Image) -> list[tuple[int, int]]:
    """Where exactly these pixels stand, as (x, y)."""
    rows = [image.crop((0, y, image.width, y + 1)).tobytes() for y in range(image.height)]
    wanted = [pattern.crop((0, y, pattern.width, y + 1)).tobytes() for y in range(pattern.height)]
    # Start from the row with most detail: flat rows match almost anywhere.
    anchor = max(
        range(len(wanted)), key=lambda index: len(set(wanted[index])) * 1000 + _changes(wanted[index])
    )
    found = []
    for y in range(anchor, image.height - (pattern.height - 1 - anchor)):
        x = rows[y].find(wanted[anchor])
        while x >= 0:
            top = y - anchor
            if all(rows[top + index][x : x + pattern.width] == row for index, row in enumerate(wanted)):
                found.append((x, top))
            x = rows[y].find(wanted[anchor], x + 1)
    return found


def _changes(row: bytes) -> int:
    return sum(1 for before, after in itertools.pairwise(row) if before != after)
