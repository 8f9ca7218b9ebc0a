"""The other kinds of patch: merge (RFC 7386), JSON (RFC 6902, as far as clients of ours go) and strategic."""

import json
from typing import Any

from tests.support.cluster.objects import Object, copied
from tests.support.cluster.refusals import bad_request, unsupported_media_type
from tests.support.cluster.schema import Names, is_atomic_map, item_key, keys_of


def patched(thing: Object, patch: Any, media_type: str) -> Object:
    """Raises `Refused`."""
    if media_type == "application/merge-patch+json":
        return dict(_merge(copied(thing), patch))
    if media_type == "application/strategic-merge-patch+json":
        return dict(_strategic(copied(thing), patch, ()))
    if media_type == "application/json-patch+json":
        result = copied(thing)
        for step in patch:
            _step(result, step)
        return result
    raise unsupported_media_type(
        "application/json-patch+json, application/merge-patch+json, "
        "application/strategic-merge-patch+json, application/apply-patch+yaml"
    )


def _merge(live: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(live) if isinstance(live, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merge(result.get(key), value)
    return result


def _strategic(live: Any, patch: Any, names: Names) -> Any:
    if isinstance(patch, dict) and not (is_atomic_map(names) and not isinstance(live, dict)):
        result = dict(live) if isinstance(live, dict) else {}
        for key, value in patch.items():
            if key.startswith("$"):
                continue
            if value is None:
                result.pop(key, None)
            else:
                result[key] = _strategic(result.get(key), value, (*names, key))
        return result
    if isinstance(patch, list) and isinstance(live, list) and (keys := keys_of(names)):
        result_items = {item_key(item, keys): item for item in live}
        for item in patch:
            key = item_key(item, keys)
            if item.get("$patch") == "delete":
                result_items.pop(key, None)
            else:
                result_items[key] = _strategic(result_items.get(key), item, (*names, ""))
        return list(result_items.values())
    return patch


def _step(thing: Any, step: Object) -> None:
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
    for part in path:
        thing = thing[int(part)] if isinstance(thing, list) else thing[part]
    key: Any = last
    if isinstance(thing, list):
        key = len(thing) if last == "-" else int(last)
    match step["op"]:
        case "test":
            if thing[key] != step["value"]:
                raise bad_request(f"testing value {json.dumps(step['path'])} failed")
        case "remove":
            del thing[key]
        case "add" if isinstance(thing, list):
            thing.insert(key, step["value"])
        case "add" | "replace":
            thing[key] = step["value"]
        case _:
            raise bad_request(f"unexpected kind: {step['op']}")
