"""What the API refuses, as `Status` objects in the API's own words (apimachinery's `errors.go`, 1.36)."""

from collections.abc import Sequence
from typing import Any

from tests.support.cluster.objects import Object, Resource

STALE = "the object has been modified; please apply your changes to the latest version and try again"


class Refused(Exception):
    """A request did not succeed; `status` is the body of the answer."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Object | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.headers = code, headers or {}
        self.status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
        }
        if details:
            self.status["details"] = details


def _details(resource: Resource, name: str = "", **more: Any) -> Object:
    details: Object = {"name": name, "group": resource.group, "kind": resource.plural, **more}
    return {key: value for key, value in details.items() if value}


def not_found(resource: Resource, name: str) -> Refused:
    return Refused(404, "NotFound", f'{resource.qualified} "{name}" not found', _details(resource, name))


def no_such_path() -> Refused:
    """What an unknown path gets; `kubectl` and clients show it for a group that is not installed."""
    return Refused(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource: Resource, name: str) -> Refused:
    message = f'{resource.qualified} "{name}" already exists'
    return Refused(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str, why: str = STALE) -> Refused:
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return Refused(409, "Conflict", message, _details(resource, name))


def apply_conflict(conflicts: Sequence[tuple[str, str]]) -> Refused:
    """Fields that another manager holds: (manager, field path)."""
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{manager}"', "field": path}
        for manager, path in conflicts
    ]
    number = f"{len(conflicts)} conflict" + ("s" if len(conflicts) > 1 else "")
    if len(conflicts) == 1:
        text = f'conflict with "{conflicts[0][0]}": {conflicts[0][1]}'
    else:
        managers: dict[str, list[str]] = {}
        for manager, path in conflicts:
            managers.setdefault(manager, []).append(f"- {path}")
        text = "\n".join(
            f'conflicts with "{manager}":\n' + "\n".join(paths) for manager, paths in managers.items()
        )
    return Refused(409, "Conflict", f"Apply failed with {number}: {text}", {"causes": causes})


def forbidden(resource: Resource, name: str, why: str, causes: Sequence[Object] = ()) -> Refused:
    named = f' "{name}"' if name else ""
    message = f"{resource.qualified}{named} is forbidden: {why}"
    return Refused(403, "Forbidden", message, _details(resource, name, causes=list(causes)))


def unauthorized() -> Refused:
    return Refused(401, "Unauthorized", "Unauthorized")


def invalid(resource: Resource, name: str, errors: Sequence[tuple[str, str, str]]) -> Refused:
    """Each error is (field, type, text), for instance ("spec", "FieldValueForbidden", "Forbidden: …")."""
    causes = [{"reason": kind, "message": text, "field": field} for field, kind, text in errors]
    texts = [f"{field}: {text}" for field, _, text in errors]
    joined = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details = {"name": name, "group": resource.group, "kind": resource.kind, "causes": causes}
    message = f'{resource.qualified_kind} "{name}" is invalid: {joined}'
    return Refused(422, "Invalid", message, {key: value for key, value in details.items() if value})


def bad_request(message: str) -> Refused:
    return Refused(400, "BadRequest", message)


def expired(message: str) -> Refused:
    return Refused(410, "Expired", message)


def too_large_version(asked: int, current: int) -> Refused:
    details = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return Refused(504, "Timeout", message, details, {"Retry-After": "1"})


def too_many_requests(seconds: int = 1) -> Refused:
    return Refused(
        429,
        "TooManyRequests",
        "Too many requests, please try again later.",
        {"retryAfterSeconds": seconds},
        {"Retry-After": str(seconds)},
    )


def internal(text: str) -> Refused:
    return Refused(500, "InternalError", f"Internal error occurred: {text}", {"causes": [{"message": text}]})


def unsupported_media_type(kind: str) -> Refused:
    message = f"the body of the request was in an unknown format - accepted media types include: {kind}"
    return Refused(415, "UnsupportedMediaType", message)
