"""What `make run` shows while it runs: warnings and errors of all processes, as they are written."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

_WORTH_SHOWING = re.compile(r"(^|\s)(WARNING|ERROR|CRITICAL|warning|error|critical)\s|^Traceback|^\w+Error:")
_LONGEST = 300
_EVERY_SECONDS = 0.5


class Follower:
    """Reads on from where the log files end when it is made."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._read = {path: path.stat().st_size for path in folder.glob("*.log")}

    def follow(self, stopping: threading.Event) -> None:
        """Until told to stop; run it in a thread."""
        while not stopping.wait(_EVERY_SECONDS):
            self.look()

    def look(self) -> None:
        """Say what came since the last look."""
        for path in sorted(self._folder.glob("*.log")):
            start = self._read.get(path, 0)
            if path.stat().st_size < start:
                start = 0  # it was made shorter
            with path.open("rb") as file:
                file.seek(start)
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read[path] = start + len(whole)
            for line in whole.decode(errors="replace").splitlines():
                if _WORTH_SHOWING.search(line):
                    self._say(f"{path.stem}: {line[:_LONGEST]}")
