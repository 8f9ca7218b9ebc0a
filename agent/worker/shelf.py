"""A folder of small JSON files, one per entry: what the worker must still know after a crash.

A file is either complete or absent. One that cannot be read (a power cut before its data reached the disk) is
set aside and reported; nothing on a shelf is worth stopping an agent for, since the control plane repeats
what it has no answer to.
"""

import logging
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from agent.client.files import private_folder, write_atomically
from chalicelib.protocol.base import Wire

_log = logging.getLogger(__name__)
_Entry = TypeVar("_Entry", bound=Wire)
_SUFFIX = ".json"


class Shelf(Generic[_Entry]):
    """Entries of one model by name (safe as a file name). Calls block for a file operation."""

    def __init__(self, folder: Path, model: type[_Entry]) -> None:
        self._folder = private_folder(folder)
        self._model = model

    def load(self) -> dict[str, _Entry]:
        """All entries, by name, in the order of their names."""
        found: dict[str, _Entry] = {}
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                found[path.name.removesuffix(_SUFFIX)] = self._model.model_validate_json(path.read_bytes())
            except ValidationError:
                _log.warning("%s cannot be read; set aside.", path)
                path.rename(path.with_suffix(".damaged"))
        return found

    def put(self, name: str, entry: _Entry, *, durable: bool) -> None:
        """Store it under that name, in place of an older one. Raises OSError (full disk)."""
        write_atomically(self._folder / f"{name}{_SUFFIX}", entry.model_dump_json().encode(), durable=durable)

    def remove(self, name: str) -> None:
        """Gone, whether it was there or not."""
        (self._folder / f"{name}{_SUFFIX}").unlink(missing_ok=True)
