"""Chromium, driven by Playwright, and what a person sees in the viewer."""

import base64
import io
import itertools
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageChops
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
_INK = 180
"""Greys above this are text; background and cursor are darker."""
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


Box = tuple[int, int, int, int]


def last_word(image: Image.Image, line: Box) -> Box:
    """The box of the ink after the widest gap in a line of text, cursor not counted."""
    left, top, right, bottom = line
    inked = _ink(image)
    columns = [x for x in range(left, right) if inked.crop((x, top, x + 1, bottom)).getbbox()]
    gaps = [(after - before, after) for before, after in itertools.pairwise(columns)]
    return max(gaps)[1], top, columns[-1] + 1, bottom


def occurrences(image: Image.Image, box: Box) -> int:
    """How often what stands in `box` stands on the lines of this screen. The stream is lossy, so it is
    compared in black and white, and some pixels may differ."""
    inked = _ink(image)
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    wanted = inked.crop(box)
    allowed = wanted.histogram()[255] // 6
    found = 0
    for y in range(top % height, inked.height - height + 1, height):
        line = inked.crop((0, y, inked.width, y + height))
        x = 0
        while line.getbbox() and x <= line.width - width:
            differing = ImageChops.difference(wanted, line.crop((x, 0, x + width, height)))
            same = differing.histogram()[255] <= allowed
            found += same
            x += width if same else 1
    return found


def _ink(image: Image.Image) -> Image.Image:
    return image.point(lambda grey: 255 if grey > _INK else 0)
