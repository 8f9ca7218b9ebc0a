"""Sets of fields of an object: which there are, their values, and how `managedFields` writes them.

A field is a path of steps: `f:name`, `k:{…}` for an item of a keyed list, `v:…` for one of a set. The item
itself is the path that ends in `.`.
"""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.cluster.objects import Object
from tests.support.cluster.schema import Names, is_atomic_map, is_set, item_key, keys_of

Path = tuple[str, ...]
Fields = frozenset[Path]
_METADATA = {"labels", "annotations", "ownerReferences", "finalizers"}


def fields_of(thing: Object) -> Fields:
    """Of what a manager says: all but identity, the server's own metadata and status."""
    metadata = {key: value for key, value in thing.get("metadata", {}).items() if key in _METADATA}
    rest = {
        key: value for key, value in thing.items() if key not in {"apiVersion", "kind", "metadata", "status"}
    }
    return frozenset(_walk({**({"metadata": metadata} if metadata else {}), **rest}, (), ()))


def _walk(value: Any, path: Path, names: Names) -> Iterator[Path]:
    if isinstance(value, dict) and value and not is_atomic_map(names):
        for key, child in value.items():
            if child is not None:
                yield from _walk(child, (*path, f"f:{key}"), (*names, key))
    elif isinstance(value, list) and (keys := keys_of(names)):
        for item in value:
            inside = (*path, item_key(item, keys))
            yield (*inside, ".")
            yield from _walk(item, inside, (*names, ""))
    elif isinstance(value, list) and is_set(names):
        for item in value:
            yield (*path, f"v:{json.dumps(item)}")
    elif path:
        yield path


def value_at(thing: Object, path: Path) -> Any:
    """None if it is not there."""
    value: Any = thing
    names: Names = ()
    for step in path:
        if value is None or step == ".":
            break
        if step.startswith("f:"):
            value = value.get(step[2:]) if isinstance(value, dict) else None
            names = (*names, step[2:])
        elif step.startswith("k:"):
            keys = keys_of(names) or ()
            value = next((item for item in value if item_key(item, keys) == step), None)
            names = (*names, "")
        else:
            found = json.loads(step[2:])
            value = found if found in value else None
    return value


def without(thing: Object, removed: Fields, kept: Fields) -> None:
    """Take fields out of an object in place, and what is empty because of it. What somebody holds something
    in stays. Items first: without the fields of its key nobody would find one."""
    for path in sorted(removed, key=lambda path: (path[-1] != ".", -len(path))):
        place = path[:-1] if path[-1] == "." else path
        if not any(other[: len(place)] == place for other in kept):
            _take(thing, place, ())


def _take(value: Any, path: Path, names: Names) -> None:
    step, rest = path[0], path[1:]
    if step.startswith("f:") and isinstance(value, dict):
        key = step[2:]
        if rest and key in value:
            _take(value[key], rest, (*names, key))
            if value[key] in ({}, []):
                del value[key]
        else:
            value.pop(key, None)
    elif step.startswith("k:") and isinstance(value, list):
        keys = keys_of(names) or ()
        for index, item in enumerate(value):
            if item_key(item, keys) == step:
                if rest:
                    _take(item, rest, (*names, ""))
                else:
                    del value[index]
                return
    elif step.startswith("v:") and isinstance(value, list) and json.loads(step[2:]) in value:
        value.remove(json.loads(step[2:]))


def merged(live: Any, config: Any, names: Names = ()) -> Any:
    """`config` over `live`, lists by key where they have one."""
    if isinstance(live, dict) and isinstance(config, dict) and not is_atomic_map(names):
        result = dict(live)
        for key, value in config.items():
            if value is not None:
                result[key] = merged(live.get(key), value, (*names, key))
        return result
    if isinstance(live, list) and isinstance(config, list):
        if keys := keys_of(names):
            return _merged_items(live, config, keys, names)
        if is_set(names):
            return [*live, *(item for item in config if item not in live)]
    return config


def _merged_items(live: list[Any], config: list[Any], keys: Names, names: Names) -> list[Any]:
    new = {item_key(item, keys): item for item in config}
    result = [
        merged(item, new.pop(item_key(item, keys)), (*names, "")) if item_key(item, keys) in new else item
        for item in live
    ]
    return result + list(new.values())


def written(fields: Fields) -> Object:
    """As `fieldsV1`."""
    top: Object = {}
    for path in sorted(fields):
        place = top
        for step in path:
            place = place.setdefault(step, {})
    return top


def read(tree: Object, path: Path = ()) -> Fields:
    """From `fieldsV1`."""
    found: set[Path] = set()
    for step, below in tree.items():
        found |= read(below, (*path, step)) if below else {(*path, step)}
    return frozenset(found)


def pointed(path: Path) -> str:
    """As messages about conflicts write a path: `.spec.containers[name="x"].image`."""
    text = ""
    for step in path:
        if step.startswith("f:"):
            text += f".{step[2:]}"
        elif step.startswith("k:"):
            pairs = json.loads(step[2:]).items()
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in pairs) + "]"
        elif step.startswith("v:"):
            text += f"[={step[2:]}]"
    return text
