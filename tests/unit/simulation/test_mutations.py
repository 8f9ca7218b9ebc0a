"""The list of broken rules fits the code as it is: `make simulate-mutants` has something to break."""

import ast
from pathlib import Path

import pytest

from tests.simulation.mutants import mutated
from tests.simulation.mutations import MUTATIONS, Mutation

_ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_a_mutation_breaks_one_place(mutation: Mutation) -> None:
    ast.parse(mutated((_ROOT / mutation.file).read_text(), mutation))


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len({each.name for each in MUTATIONS}) == len(MUTATIONS) >= 30
