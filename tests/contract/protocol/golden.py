"""The golden files and the document, read for tests; which model each file is an example of."""

import importlib
import json
import pkgutil
import re
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

import chalicelib.protocol
from chalicelib.protocol import agents, commands, keys, streams
from chalicelib.protocol.base import Wire

DOCS = Path(__file__).resolve().parents[3] / "docs"
FOLDER = DOCS / "protocol" / "v1"

MODELS: dict[str, type[Wire]] = {
    "enroll.request": agents.EnrollRequest,
    "enroll.answer": agents.EnrollAnswer,
    "credentials.request": agents.CredentialsRequest,
    "credentials.answer": agents.CredentialsAnswer,
    "heartbeat.request": agents.Heartbeat,
    "heartbeat.answer": agents.HeartbeatAnswer,
    "inventory.request": agents.InventoryReport,
    "inventory.answer": agents.InventoryAnswer,
    "reference": commands.CommandReference,
    "claim.request": commands.ClaimRequest,
    "claim.answer": commands.ClaimGrant,
    "renew.request": commands.RenewRequest,
    "renew.answer": commands.RenewGrant,
    "result.request": commands.ResultReport,
    "status.request": commands.StatusReport,
    "dead-letters.request": commands.DeadLetterReport,
    "accepted": commands.Accepted,
    "keys.request": keys.KeyRotation,
    "keys.answer": keys.KeyRotated,
    "stream.ticket": streams.TicketClaims,
    "stream.grant": streams.RelayGrantClaims,
    "stream.message": streams.StreamMessage,
    "stream.log": streams.LogMessage,
}
"""By the beginning of the file's name; what follows says which case it is."""


def names() -> list[str]:
    """Every golden message, without refusals and vectors."""
    found = (path.stem for path in sorted(FOLDER.glob("*.json")))
    return [name for name in found if name != "signatures" and not name.startswith("refusal.")]


def refusals() -> dict[str, dict[str, Any]]:
    """Problem documents by code."""
    prefix = "refusal."
    return {path.stem.removeprefix(prefix): load(path.stem) for path in FOLDER.glob(f"{prefix}*.json")}


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def model_of(name: str) -> type[Wire]:
    """Raises KeyError for a file that nobody knows."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        found = MODELS.get(".".join(parts[:count]))
        if found is not None:
            return found
    raise KeyError(name)


def wire_models() -> dict[str, type[Wire]]:
    """Every message and every part of one, by name, whatever module of the protocol it is in."""
    modules = [
        importlib.import_module(f"chalicelib.protocol.{each.name}")
        for each in pkgutil.iter_modules(chalicelib.protocol.__path__)
    ]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Wire) and value is not Wire
    }


def exercised(model: type[BaseModel], document: Any) -> set[tuple[str, str]]:
    """(model, field) of every field that the document sets, to something else than null, however deep."""
    found: set[tuple[str, str]] = set()
    for name, field in model.model_fields.items():
        value = document.get(name)
        if value is None:
            continue
        found.add((model.__name__, name))
        for part in _parts(field.annotation):
            for each in value if isinstance(value, list) else [value]:
                found |= exercised(part, each)
    return found


def _parts(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for argument in get_args(annotation) for part in _parts(argument)]


def page() -> str:
    return (DOCS / "protocol.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """What stands under a heading of the document, up to the next heading of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", page(), re.MULTILINE | re.DOTALL)
    assert found is not None, f"the document has no heading {heading}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Cells of every table row, heads included."""
    lines = re.findall(r"^\| .*\|$", text, re.MULTILINE)
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
