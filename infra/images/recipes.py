"""Which images there are and what each stands on."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = "debian"
"""The lowest image. It has no folder: see `infra.images.debian`."""
SUITE = "bookworm"
AGENT = "agent"
"""The agent itself, for clusters: its packages are fetched for it, see `infra.images.agent_packages`."""


class UnknownImageError(Exception):
    """A name that no recipe has."""


@dataclass(frozen=True)
class Recipe:
    """One image. `parent` is another recipe's name, or None for the lowest."""

    name: str
    parent: str | None
    on_demand: bool = False
    """Whether it is built only when it is named."""

    @property
    def folder(self) -> Path:
        return Path(__file__).parent / self.name


RECIPES = (
    Recipe(ROOT, None),
    Recipe("base", ROOT),
    Recipe("terminal", "base"),
    Recipe("desktop", "base"),
    Recipe("firefox", "base"),
    Recipe(AGENT, ROOT, on_demand=True),
)


def with_parents(names: Iterable[str], recipes: tuple[Recipe, ...] = RECIPES) -> tuple[Recipe, ...]:
    """The named recipes and all that they stand on, parents first; all but those on demand if none is named.

    Raises UnknownImageError.
    """
    by_name = {recipe.name: recipe for recipe in recipes}
    wanted: set[str] = set()
    for name in list(names) or [recipe.name for recipe in recipes if not recipe.on_demand]:
        walk: str | None = name
        while walk is not None:
            if walk not in by_name:
                raise UnknownImageError(f"there is no image {walk!r}; there are {', '.join(by_name)}")
            wanted.add(walk)
            walk = by_name[walk].parent
    return tuple(recipe for recipe in recipes if recipe.name in wanted)


def waves(recipes: tuple[Recipe, ...]) -> tuple[tuple[Recipe, ...], ...]:
    """Groups to build one after the other; the members of one do not need each other."""
    depth: dict[str, int] = {}
    for recipe in recipes:
        depth[recipe.name] = 0 if recipe.parent is None else depth[recipe.parent] + 1
    levels = sorted(set(depth.values()))
    return tuple(tuple(recipe for recipe in recipes if depth[recipe.name] == level) for level in levels)
