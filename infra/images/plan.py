"""What is out of date, and why. Pure: facts about recipes and images in, decisions out."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from infra.images.recipes import Recipe


class State(StrEnum):
    """How an image stands to its recipe."""

    CURRENT = "current"
    MISSING = "missing"
    CHANGED = "files changed"
    PARENT = "parent is rebuilt"


@dataclass(frozen=True)
class Image:
    """An image as Docker has it. `inputs` is the label that the builder gave it, if any."""

    id: str
    inputs: str | None
    size: int


def inputs(files: str, parent_id: str | None) -> str:
    """The digest that an image made of these files on that parent carries."""
    return hashlib.sha256(f"{files}\n{parent_id or ''}\n".encode()).hexdigest()


def states(
    recipes: tuple[Recipe, ...], files: Mapping[str, str], images: Mapping[str, Image]
) -> dict[str, State]:
    """Each recipe's state. `files` holds the digest of each one's files; recipes come parents first."""
    result: dict[str, State] = {}
    for recipe in recipes:
        image = images.get(recipe.name)
        if image is None:
            result[recipe.name] = State.MISSING
        elif recipe.parent is not None and result[recipe.parent] is not State.CURRENT:
            result[recipe.name] = State.PARENT
        else:
            parent = images[recipe.parent].id if recipe.parent else None
            same = image.inputs == inputs(files[recipe.name], parent)
            result[recipe.name] = State.CURRENT if same else State.CHANGED
    return result
