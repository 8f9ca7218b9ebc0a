"""One thin typed decorator over Chalice routes, and the registry that the OpenAPI document is made of.

    api = Api("sessions", authenticate)

    @api.get("/v1/sessions/{session_id}", answers=SessionView, permission="sessions:read")
    def get(call: Call[User], session_id: str) -> SessionView: ...

A view gets the call, its path parameters by name and, where declared, `body` and `query` as validated models.
It returns the declared model, or an `Answer` when headers or cookies matter. Errors become problem+json here
and nowhere else: Chalice would turn them into a 500 before any middleware saw them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from chalice.app import Blueprint, Response
from pydantic import BaseModel, ValidationError

from chalicelib.core import problem, trail
from chalicelib.core.caller import Anonymous, Caller, Incoming
from chalicelib.core.confinement import confined_to
from chalicelib.core.errors import (
    DomainError,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from chalicelib.core.ids import PATTERN, new_id
from chalicelib.core.outage import is_outage
from chalicelib.core.security_headers import security_headers
from chalicelib.core.telemetry import logger
from chalicelib.core.trail import Trail

C = TypeVar("C", bound=Caller)
View = Callable[..., Any]
Record = Callable[[Trail, DomainError | None], None]
"""Writes an audit entry on its own: of what was refused, or done without a change to go with."""
MAX_BODY_BYTES = 256 * 1024
"""Ours; API Gateway's own limit is 10 MB."""
_LONGEST_AGENT = 200
_TELLING = frozenset({401, 403, 404, 409, 423, 429})
"""Refusals worth an audit entry; a typing mistake (422) is not."""
_OUTAGE = "The service cannot reach its store at the moment. Please try again."
_PARAMETER = re.compile(r"{(\w+)}")
_IDEMPOTENCY_KEY = re.compile(r"^[\x21-\x7e]{1,128}$")


@dataclass(frozen=True)
class Call(Generic[C]):
    """One authenticated request."""

    caller: C
    incoming: Incoming

    @property
    def idempotency_key(self) -> str | None:
        """The client's `Idempotency-Key`. Raises Invalid when it is not 1 to 128 visible ASCII characters."""
        key = self.incoming.headers.get("idempotency-key")
        if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
            raise Invalid.field("Idempotency-Key", "Use 1 to 128 visible ASCII characters.")
        return key


@dataclass(frozen=True)
class Answer:
    """A body with headers of its own. `cookies` are whole Set-Cookie values."""

    body: BaseModel | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """What the document says about one route."""

    method: str
    path: str
    name: str
    summary: str
    tag: str
    status: int
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answers: Any
    content_type: str
    permission: str | None
    security: str | None
    raises: tuple[type[DomainError], ...]
    idempotent: bool
    audit: str | None

    @property
    def parameters(self) -> list[str]:
        """Names in the path."""
        return _PARAMETER.findall(self.path)


class Api(Generic[C]):
    """A capability's routes. `security` names the scheme in the document: bearer, refresh, agent or None."""

    def __init__(
        self, tag: str, authenticate: Callable[[Incoming], C], *, security: str | None = "bearer"
    ) -> None:
        self.tag = tag
        self.blueprint = Blueprint(f"chalicelib.{tag}")
        self.operations: list[Operation] = []
        self._authenticate = authenticate
        self._security = security
        self.record: Record | None = None

    def get(self, path: str, **options: Any) -> Callable[[View], View]:
        return self._route("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[View], View]:
        return self._route("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[View], View]:
        return self._route("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[View], View]:
        return self._route("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[View], View]:
        return self._route("DELETE", path, **options)

    def _route(  # the keyword list is the documentation of a route
        self,
        method: str,
        path: str,
        *,
        answers: Any = None,
        status: int = 200,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        permission: str | None = None,
        raises: tuple[type[DomainError], ...] = (),
        idempotent: bool = False,
        content_type: str = "application/json",
        audit: str | None = None,
    ) -> Callable[[View], View]:
        """`answers` is a model (or None for 204), `raises` the domain errors beyond the usual ones,
        `permission` what the caller needs, `idempotent` that Idempotency-Key is honoured, `audit` the
        name of the action in the audit log (`session.create`)."""

        def register(view: View) -> View:
            operation = Operation(
                method=method,
                path=path,
                name=view.__name__,
                summary=(view.__doc__ or view.__name__).strip().splitlines()[0],
                tag=self.tag,
                status=status,
                body=body,
                query=query,
                answers=answers,
                content_type=content_type,
                permission=permission,
                security=self._security,
                raises=raises,
                idempotent=idempotent,
                audit=audit,
            )
            self.operations.append(operation)

            def endpoint(**parameters: str) -> Response:
                return self._serve(operation, view, parameters)

            endpoint.__name__ = view.__name__
            # Content types are checked here, so that the refusal is a problem document too.
            self.blueprint.route(path, methods=[method], content_types=[])(endpoint)
            return view

        return register

    def _serve(self, operation: Operation, view: View, parameters: dict[str, str]) -> Response:
        incoming = _incoming(self.blueprint.current_request)
        try:
            caller = self._authenticate(incoming)
            with confined_to(caller.tenant_id), self._audited(operation, incoming, caller):
                return self._call(operation, view, Call(caller, incoming), parameters)
        except DomainError as error:
            return _refusal(error, incoming)
        except Exception as error:
            if is_outage(error):
                logger.warning("the store does not answer", extra={"operation": operation.name})
                return _refusal(Unavailable(_OUTAGE, retry_after=2), incoming)
            logger.exception(
                "unexpected error", extra={"operation": operation.name, "request_id": incoming.request_id}
            )
            return _refusal(DomainError("Something went wrong on our side. It has been logged."), incoming)

    @staticmethod
    def _call(operation: Operation, view: View, call: Call[C], parameters: dict[str, str]) -> Response:
        if operation.permission is not None and operation.permission not in call.caller.permissions:
            raise Forbidden(
                f"This needs the permission {operation.permission}.",
                extra={"permission": operation.permission},
            )
        arguments: dict[str, Any] = {name: _path_value(name, value) for name, value in parameters.items()}
        _name_target(arguments)
        if operation.query is not None:
            arguments["query"] = _query(operation.query, call.incoming)
        if operation.body is not None:
            arguments["body"] = _body(operation.body, call.incoming)
        return _response(operation, view(call, **arguments))

    @contextmanager
    def _audited(self, operation: Operation, incoming: Incoming, caller: C) -> Iterator[None]:
        """An audited operation's trail. What was refused, or done without a change that carried the entry,
        gets an entry of its own."""
        if operation.audit is None:
            with trail.opened(None):
                yield
            return
        began = Trail(
            operation.audit,
            source_ip=incoming.source_ip,
            user_agent=incoming.headers.get("user-agent", "")[:_LONGEST_AGENT],
            request_id=incoming.request_id,
            tenant_id=caller.tenant_id,
            actor=caller.actor,
            via=caller.via,
        )
        try:
            with trail.opened(began):
                yield
        except DomainError as error:
            if self.record is not None and began.tenant_id and error.status in _TELLING:
                for tenant_id, actor in ((began.tenant_id, began.actor), *began.others):
                    # Its own id: a change may have been committed, with its entry, before the refusal.
                    told = replace(began, id=new_id("aud"), tenant_id=tenant_id, actor=actor)
                    self.record(told, error)
            raise
        if self.record is not None and began.pending:
            self.record(began, None)


def anonymous(_incoming: Incoming) -> Anonymous:
    """The authenticator of routes that are open to all."""
    return Anonymous()


def _incoming(request: Any) -> Incoming:
    context = request.context
    headers = {name.lower(): value for name, value in dict(request.headers).items()}
    return Incoming(
        method=request.method,
        path=_client_path(context),
        host=headers.get("host", ""),
        scheme=headers.get("x-forwarded-proto", "https").split(",")[0].strip(),
        headers=headers,
        query=_multi(request.query_params),
        body=request.raw_body or b"",
        source_ip=context.get("identity", {}).get("sourceIp", ""),
        request_id=context.get("requestId") or new_id("req"),
    )


def _client_path(context: Mapping[str, Any]) -> str:
    """The path as the client sent it, less the stage that execute-api host names put in front."""
    path: str = context.get("path", "/")
    stage = context.get("stage")
    prefix = f"/{stage}/"
    return path[len(prefix) - 1 :] if stage and path.startswith(prefix) else path


def _multi(params: Any) -> dict[str, list[str]]:
    return {name: params.getlist(name) for name in params} if params else {}


def _path_value(name: str, raw: str) -> str:
    # API Gateway hands path parameters over URL-encoded.
    value = unquote(raw)
    if name.endswith("_id") and not PATTERN.fullmatch(value):
        raise NotFound.of(name.removesuffix("_id").replace("_", " "), value[:64])
    return value


def _name_target(arguments: Mapping[str, str]) -> None:
    """The last id of the path is what is acted on; a use case may say more."""
    for name, value in arguments.items():
        if name.endswith("_id"):
            trail.about(name.removesuffix("_id"), value)


def _query(model: type[BaseModel], incoming: Incoming) -> BaseModel:
    flat: dict[str, Any] = {}
    for name, values in incoming.query.items():
        if len(values) > 1:
            raise Invalid.field(name, "Give this parameter once.")
        flat[name] = values[0]
    try:
        return model.model_validate(flat)
    except ValidationError as error:
        raise problem.from_validation(error) from None


def _body(model: type[BaseModel], incoming: Incoming) -> BaseModel:
    if len(incoming.body) > MAX_BODY_BYTES:
        raise TooLarge(f"A body may have {MAX_BODY_BYTES} bytes.")
    content_type = incoming.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if content_type != "application/json":
        raise Unsupported("Send application/json.")
    try:
        raw = json.loads(incoming.body or b"{}")
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON.") from None
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise problem.from_validation(error) from None


def _response(operation: Operation, result: Any) -> Response:
    answer = result if isinstance(result, Answer) else Answer(body=result)
    headers: dict[str, Any] = {**security_headers(), "Cache-Control": "no-store", **answer.headers}
    if answer.cookies:
        headers["Set-Cookie"] = list(answer.cookies)
    if answer.body is None:
        return Response(body="", status_code=operation.status, headers=headers)
    headers.setdefault("Content-Type", operation.content_type)
    text = answer.body if isinstance(answer.body, str) else answer.body.model_dump_json(by_alias=True)
    return Response(body=text, status_code=operation.status, headers=headers)


def _refusal(error: DomainError, incoming: Incoming) -> Response:
    if error.status >= 500 and not isinstance(error, Unavailable):
        logger.error(
            "answered with a server error", extra={"code": error.code, "request_id": incoming.request_id}
        )
    return Response(
        body=problem.dump(error, request_id=incoming.request_id),
        status_code=error.status,
        headers={**security_headers(), **problem.headers(error)},
    )


__all__ = ["Answer", "Api", "Call", "Operation", "Unauthenticated", "anonymous"]
