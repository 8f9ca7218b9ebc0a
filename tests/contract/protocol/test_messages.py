"""Golden files against the models: what is on the wire is what the files say, and so is what is read."""

import json
from enum import StrEnum
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.protocol.base import Wire
from tests.contract.protocol import golden

NAMES = golden.names()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.feature("Every message of the agent protocol is documented with an example that the code reads")
def test_a_golden_file_parses_and_serialises_back_equal(name: str) -> None:
    document = golden.load(name)
    message = golden.model_of(name).model_validate(document)
    assert message.model_dump(mode="json") == document
    assert json.loads(message.model_dump_json()) == document


@pytest.mark.parametrize("name", NAMES)
def test_unknown_fields_are_ignored_at_every_level(name: str) -> None:
    model = golden.model_of(name)
    assert model.model_validate(_with_more(golden.load(name), model)) == model.model_validate(
        golden.load(name)
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_has_a_default_may_be_left_out(name: str) -> None:
    model, document = golden.model_of(name), golden.load(name)
    for field, declared in model.model_fields.items():
        left = {key: value for key, value in document.items() if key != field}
        if declared.is_required():
            with pytest.raises(ValidationError):
                model.model_validate(left)
        else:
            expected = declared.get_default(call_default_factory=True)
            assert getattr(model.model_validate(left), field) == expected


def test_every_model_and_every_field_is_in_a_golden_file() -> None:
    seen: set[tuple[str, str]] = set()
    for name in NAMES:
        seen |= golden.exercised(golden.model_of(name), golden.load(name))
    wanted = {(name, field) for name, model in golden.wire_models().items() for field in model.model_fields}
    assert wanted - seen == set()


def test_every_word_of_an_enumeration_is_in_a_golden_file_or_the_document() -> None:
    page = golden.page()
    words = {
        each.value
        for model in golden.wire_models().values()
        for field in model.model_fields.values()
        for kind in _enumerations(field.annotation)
        for each in kind
    }
    assert {word for word in words if f"`{word}`" not in page} == set()


def test_the_document_names_every_golden_file() -> None:
    page = golden.page()
    assert [name for name in NAMES if f"(protocol/v1/{name}.json)" not in page] == []


@pytest.mark.parametrize("name", sorted(golden.wire_models()))
def test_the_document_has_every_field_with_its_default(name: str) -> None:
    model = golden.wire_models()[name]
    said = {cells[0].strip("`"): cells[1] for cells in golden.rows(golden.section(name))[1:]}
    assert list(said) == list(model.model_fields)
    for field, declared in model.model_fields.items():
        if declared.is_required():
            assert said[field].endswith("required"), (field, said[field])
            continue
        default = declared.get_default(call_default_factory=True)
        if isinstance(default, Wire):
            assert said[field].endswith("see there"), (field, said[field])
            continue
        assert said[field].endswith(f", `{_written(default)}`"), (field, said[field])


def _written(default: Any) -> str:
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    return json.dumps(default)


def _with_more(value: Any, model: type[Wire]) -> Any:
    """The document with a field that nobody knows in every object that is a message or part of one."""
    more = {"a_field_of_tomorrow": {"deep": [1, None, "x"]}, **value}
    for field, declared in model.model_fields.items():
        for part in golden._parts(declared.annotation):
            inner = more.get(field)
            if isinstance(inner, list):
                more[field] = [_with_more(each, part) for each in inner]
            elif inner is not None:
                more[field] = _with_more(inner, part)
    return more


def _enumerations(annotation: Any) -> list[type[StrEnum]]:
    from typing import get_args

    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [annotation]
    return [kind for argument in get_args(annotation) for kind in _enumerations(argument)]
