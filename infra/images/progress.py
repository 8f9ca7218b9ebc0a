"""Progress on the terminal: a line for each finished step, and signs of life during a long one."""

import sys
import threading
import time
from typing import TextIO

from infra.images import output

_QUIET_SECONDS = 5.0
"""On something that is no terminal, a sign of life at most this often."""

_WORTH_SECONDS = 0.25
"""A step that took less is not worth a line."""


class Progress:
    """Several builds may report at once; each through its own `Track`."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self.live = self._stream.isatty()
        """Whether a line can be replaced by the next."""
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """A line that stays."""
        with self._lock:
            self._stream.write(f"\r\x1b[K{text}\n" if self.live else f"{text}\n")
            self._stream.flush()

    def sign(self, text: str) -> None:
        """A sign of life: replaced by whatever comes next on a terminal, a line elsewhere."""
        if not self.live:
            self.line(text)
            return
        with self._lock:
            self._stream.write(f"\r\x1b[K{output.shorten(text, 100)}")
            self._stream.flush()


class Track:
    """One image's build: its steps in order, timed."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name
        self._began = self._step_began = self._last_sign = time.monotonic()
        self._step: str | None = None

    @property
    def seconds(self) -> float:
        """Since the build began."""
        return time.monotonic() - self._began

    def step(self, text: str) -> None:
        """A step begins; the one before it is finished."""
        self.finish_step()
        self._step = text
        self._step_began = self._last_sign = time.monotonic()
        if self._progress.live:
            self._progress.sign(self._format("·", text, ""))

    def sign(self, text: str) -> None:
        """Something that happened within the step."""
        now = time.monotonic()
        if now - self._last_sign < (0.1 if self._progress.live else _QUIET_SECONDS):
            return
        self._last_sign = now
        self._progress.sign(self._format("·", text, f"{now - self._step_began:.0f} s"))

    def finish_step(self) -> None:
        """The running step, if any, is done."""
        if self._step is not None:
            took = time.monotonic() - self._step_began
            if took >= _WORTH_SECONDS:
                self._progress.line(self._format("✓", self._step, f"{took:.1f} s"))
            self._step = None

    def note(self, text: str) -> None:
        """A remark about this image."""
        self._progress.line(self._format(" ", text, ""))

    def _format(self, mark: str, text: str, took: str) -> str:
        return f"  {self._name:<9}{mark} {text:<78} {took}".rstrip()
