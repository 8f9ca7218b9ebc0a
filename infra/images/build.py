"""`python -m infra.images.build`: builds the session images that are missing or out of date."""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from infra.images import agent_packages, context, debian, output, plan
from infra.images.context import File
from infra.images.engine import Engine
from infra.images.errors import BuildError
from infra.images.plan import Image, State
from infra.images.progress import Progress, Track
from infra.images.recipes import AGENT, ROOT, Recipe, UnknownImageError, waves, with_parents

_AT_ONCE = 2
"""Fetching and unpacking take turns well; more than two only wait for one another."""


@dataclass(frozen=True)
class Result:
    """One line of the closing table."""

    recipe: Recipe
    what: str
    image: Image | None


class Builder:
    """One run over some recipes."""

    def __init__(self, engine: Engine, recipes: tuple[Recipe, ...], progress: Progress) -> None:
        self._engine = engine
        self._recipes = recipes
        self._progress = progress
        self._files = {recipe.name: _files(recipe) for recipe in recipes}

    def states(self) -> dict[str, State]:
        """How things stand now."""
        found = {recipe.name: self._engine.find(recipe.name) for recipe in self._recipes}
        digests = {name: context.digest(files) for name, files in self._files.items()}
        images = {name: image for name, image in found.items() if image is not None}
        return plan.states(self._recipes, digests, images)

    def run(self, *, refresh: bool) -> list[Result]:
        """Builds what is not current, parents first. `refresh` makes all anew. Raises BuildError."""
        states = self.states()
        if refresh or any(state is not State.CURRENT for state in states.values()):
            self._engine.check_space()
        results: list[Result] = []
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            for wave in waves(self._recipes):
                # One alone is built right here, so that an interrupt lets it clean up.
                each = pool.map if len(wave) > 1 else map
                results += each(lambda recipe: self._one(recipe, refresh), wave)
        except BuildError:
            # What else is being built is worth finishing: the next run has it already.
            pool.shutdown(cancel_futures=True)
            raise
        return results

    def _one(self, recipe: Recipe, refresh: bool) -> Result:
        parent = self._engine.find(recipe.parent) if recipe.parent else None
        inputs = plan.inputs(context.digest(self._files[recipe.name]), parent.id if parent else None)
        found = self._engine.find(recipe.name)
        # A refreshed lowest image has another id, so all above it follow by themselves.
        if found and found.inputs == inputs and not (refresh and recipe.name == ROOT):
            return Result(recipe, "current", found)
        track = Track(self._progress, recipe.name)
        if recipe.name == ROOT:
            debian.make(self._engine, inputs, track)
        else:
            self._from_dockerfile(recipe, inputs, track)
        return Result(recipe, f"built in {track.seconds:.0f} s", self._engine.find(recipe.name))

    def _from_dockerfile(self, recipe: Recipe, inputs: str, track: Track) -> None:
        def heard(line: str) -> None:
            if step := output.step(line):
                track.step(f"{step.number}/{step.total} {step.instruction}")
            elif sign := output.interesting(line):
                track.sign(sign)

        files = self._files[recipe.name]
        if recipe.name == AGENT:
            files = agent_packages.with_packages(files, self._engine.architecture(), track)
        arguments = {"PARENT": self._engine.name(recipe.parent)} if recipe.parent else {}
        self._engine.build(recipe.name, files, inputs, arguments, heard)
        track.finish_step()


def _files(recipe: Recipe) -> tuple[File, ...]:
    match recipe.name:
        case name if name == ROOT:
            return debian.files()
        case name if name == AGENT:
            return agent_packages.files(recipe.folder)
    return context.read(recipe.folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.images.build", description="Builds the session images."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="images to build; all if none is named")
    parser.add_argument("--check", action="store_true", help="say what is out of date; status 1 if any is")
    parser.add_argument(
        "--refresh", action="store_true", help="build all anew, with the newest security updates"
    )
    return parser.parse_args()


def _check(builder: Builder, engine: Engine, recipes: tuple[Recipe, ...]) -> int:
    states = builder.states()
    for recipe in recipes:
        print(f"{engine.name(recipe.name):<32} {states[recipe.name]}")
    return 0 if all(state is State.CURRENT for state in states.values()) else 1


def _build(builder: Builder, engine: Engine, *, refresh: bool) -> int:
    began = time.monotonic()
    results = builder.run(refresh=refresh)
    print()
    for result in results:
        size = f"{result.image.size / 1e6:.0f} MB" if result.image else ""
        print(f"{engine.name(result.recipe.name):<32} {size:>8}  {result.what}")
    print(f"{len(results)} images, {time.monotonic() - began:.1f} s")
    return 0


def main() -> int:
    """The command. Returns its exit status."""
    arguments = _arguments()
    try:
        recipes = with_parents(arguments.names)
        engine = Engine(os.environ.get("IMAGE_TAG") or "dev")
        builder = Builder(engine, recipes, Progress())
        if arguments.check:
            return _check(builder, engine, recipes)
        return _build(builder, engine, refresh=arguments.refresh)
    except (BuildError, UnknownImageError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # Without waiting for builds that run: Docker ends them when our connection closes.
        os._exit(130)


if __name__ == "__main__":
    sys.exit(main())
