"""What is built, in which order, and what is left alone."""

import pytest

from infra.images import plan, recipes
from infra.images.plan import Image, State
from infra.images.recipes import AGENT, RECIPES, Recipe, UnknownImageError

TREE = (Recipe("root", None), Recipe("low", "root"), Recipe("left", "low"), Recipe("right", "low"))
FILES = {recipe.name: f"files of {recipe.name}" for recipe in TREE}


def built(recipe: Recipe) -> Image:
    parent = f"id of {recipe.parent}" if recipe.parent else None
    return Image(f"id of {recipe.name}", plan.inputs(FILES[recipe.name], parent), 1)


ALL = {recipe.name: built(recipe) for recipe in TREE}


def states(files: dict[str, str] = FILES, images: dict[str, Image] = ALL) -> list[State]:
    return list(plan.states(TREE, files, images).values())


def test_nothing_is_built_twice() -> None:
    assert states() == [State.CURRENT] * 4


def test_all_is_missing_on_a_bare_machine() -> None:
    assert states(images={}) == [State.MISSING] * 4


def test_a_changed_file_touches_its_image_and_those_above() -> None:
    assert states({**FILES, "left": "new"}) == [State.CURRENT, State.CURRENT, State.CHANGED, State.CURRENT]
    assert states({**FILES, "low": "new"}) == [State.CURRENT, State.CHANGED, State.PARENT, State.PARENT]


def test_a_replaced_parent_is_noticed() -> None:
    images = {**ALL, "low": Image("another id", ALL["low"].inputs, 1)}
    assert states(images=images) == [State.CURRENT, State.CURRENT, State.CHANGED, State.CHANGED]


def test_an_image_that_the_builder_did_not_make_is_not_current() -> None:
    images = {**ALL, "root": Image("id of root", None, 1)}
    assert states(images=images) == [State.CHANGED, State.PARENT, State.PARENT, State.PARENT]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), ["root", "low", "left", "right"]),
        (("right",), ["root", "low", "right"]),
        (("right", "root"), ["root", "low", "right"]),
    ],
)
def test_parents_come_along_and_first(names: tuple[str, ...], expected: list[str]) -> None:
    assert [recipe.name for recipe in recipes.with_parents(names, TREE)] == expected


def test_what_is_on_demand_is_built_only_when_it_is_named() -> None:
    tree = (*TREE, Recipe("rare", "root", on_demand=True))
    assert "rare" not in [recipe.name for recipe in recipes.with_parents([], tree)]
    assert [recipe.name for recipe in recipes.with_parents(["rare"], tree)] == ["root", "rare"]


def test_unknown_name_says_which_there_are() -> None:
    with pytest.raises(UnknownImageError, match="no image 'up'; there are root, low, left, right"):
        recipes.with_parents(["up"], TREE)


def test_waves_do_not_need_themselves() -> None:
    names = [[recipe.name for recipe in wave] for wave in recipes.waves(TREE)]
    assert names == [["root"], ["low"], ["left", "right"]]


@pytest.mark.parametrize("recipe", [r for r in RECIPES if r.parent], ids=lambda recipe: recipe.name)
def test_every_recipe_has_a_dockerfile_on_its_parent(recipe: Recipe) -> None:
    text = (recipe.folder / "Dockerfile").read_text()
    assert "ARG PARENT\nFROM ${PARENT}\n" in text
    # By number: a platform that insists on a user who is not root cannot tell by a name.
    user = "USER 10001:10001" if recipe.name == AGENT else "USER 1000:1000"
    assert [line for line in text.splitlines() if line.startswith("USER ")][-1] == user
    assert "VOLUME" not in [line.split()[0] for line in text.splitlines() if line.strip()]
