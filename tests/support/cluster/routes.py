"""From an HTTP request to an answer: the path's meaning, who may, which fault it meets, and the verb."""

import contextlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from aiohttp import web

from tests.support.cluster import discovery, faults, patches, reading, selectors
from tests.support.cluster.access import User
from tests.support.cluster.objects import (
    BY_PATH,
    NAMESPACE,
    POD,
    POD_METRICS,
    Object,
    Resource,
    name_of,
    space_of,
)
from tests.support.cluster.refusals import Refused, bad_request, internal, no_such_path
from tests.support.cluster.registry import scale_of, scaled

if TYPE_CHECKING:
    from tests.support.cluster.machine import Machine

APPLY = {"application/apply-patch+yaml", "application/apply-patch+json"}
WATCH_SECONDS = 1800


@dataclass(frozen=True)
class Target:
    """What a path names. `name` empty: the collection; `part`: a subresource."""

    resource: Resource
    namespace: str
    name: str = ""
    part: str = ""

    @property
    def whole(self) -> str:
        return f"{self.resource.plural}/{self.part}" if self.part else self.resource.plural


def target_of(path: str) -> Target:
    """Raises `Refused` 404 for what is no path of an object."""
    parts = path.strip("/").split("/")
    if parts[:2] == ["api", "v1"]:
        group, version, rest = "", "v1", parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise no_such_path()
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] not in {"status", "finalize"}:
        namespace, rest = rest[1], rest[2:]
    resource = BY_PATH.get((group, version, rest[0] if rest else ""))
    if resource is None or len(rest) > 3:
        raise no_such_path()
    name, part = (*rest[1:], "", "")[:2]
    if part and part not in resource.subresources:
        raise no_such_path()
    if resource is NAMESPACE and name:
        namespace = name  # so does the real API ask its authorizer
    return Target(resource, namespace, name, part)


class Routes:
    """One handler for every path."""

    def __init__(self, machine: "Machine") -> None:
        self.machine = machine
        self.store, self.registry = machine.store, machine.registry

    async def handle(self, request: web.Request) -> web.StreamResponse:
        try:
            user = self.machine.access.user(request.headers.get("Authorization", ""))
            return await self._answer(request, user)
        except Refused as refused:
            return web.json_response(refused.status, status=refused.code, headers=refused.headers)
        except (ConnectionError, _Dropped):
            if request.transport is not None:
                request.transport.abort()
            raise web.HTTPServiceUnavailable from None
        except Exception as error:
            self.machine.failures.append(error)
            return web.json_response(internal(repr(error)).status, status=500)

    async def _answer(self, request: web.Request, user: User) -> web.StreamResponse:
        try:
            target = target_of(request.path)
        except Refused:
            return web.json_response(discovery.answer(request.path, metrics=self.machine.metrics))
        if target.resource is POD_METRICS and not self.machine.metrics:
            raise no_such_path()
        verb = self._verb(request, target)
        fault = self.machine.faults.meet(verb, target.whole, target.name) if user.recorded else None
        if fault:
            await faults.begin(fault)
            if not fault.effect and (fault.refusal or fault.drop):
                raise fault.refusal or _Dropped
        name = target.name or _selected_name(request)
        self.machine.access.check(user, target.resource, target.part, verb, target.namespace, name)
        if verb == "get" and target.part in {"exec", "portforward"}:  # both, since 1.35
            self.machine.access.check(
                user, target.resource, target.part, "create", target.namespace, target.name
            )
        answer = await self._does(verb, target)(request, target, user)
        if fault and fault.effect:
            raise fault.refusal or _Dropped
        return answer

    @staticmethod
    def _verb(request: web.Request, target: Target) -> str:
        """As RBAC names it. WebSockets begin as GET."""
        if request.method == "GET" and not target.name:
            return "watch" if request.query.get("watch") in {"1", "true"} else "list"
        verbs = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
        if request.method not in verbs:
            raise Refused(
                405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
            )
        verb = verbs[request.method]
        return "deletecollection" if verb == "delete" and not target.name else verb

    def _does(self, verb: str, target: Target) -> Callable[..., Awaitable[web.StreamResponse]]:
        if target.part in {"exec", "portforward"}:
            return self._stream
        if target.part == "log":
            return self._log
        return {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_all,
        }[verb]

    # reading

    def _find(self, target: Target) -> Object:
        namespace = target.namespace if target.resource.namespaced else ""
        return self.registry.get(target.resource, namespace, target.name)

    async def _get(self, _request: web.Request, target: Target, _user: User) -> web.Response:
        found = self._find(target)
        return web.json_response(scale_of(found) if target.part == "scale" else found)

    async def _list(self, request: web.Request, target: Target, _user: User) -> web.Response:
        namespace = target.namespace or None
        if target.resource is POD_METRICS:
            return web.json_response(reading.metrics(self.store, POD, namespace, request.query))
        return web.json_response(reading.page(self.store, target.resource, namespace, request.query))

    async def _watch(self, request: web.Request, target: Target, _user: User) -> web.StreamResponse:
        matches = selectors.parse(
            request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
        )
        wants = request.query.get("allowWatchBookmarks") in {"1", "true"}
        watcher = reading.Watcher(
            self.store,
            target.resource,
            target.namespace or None,
            matches,
            self.machine.pace * self.machine.bookmark_seconds if wants else None,
            lag=self.machine.watch_lag,
        )
        watcher.begin(request.query)
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        answer.enable_chunked_encoding()
        self.store.listeners.append(watcher.hear)
        self.machine.watchers[watcher] = request
        try:
            await answer.prepare(request)
            async for line in watcher.lines(float(request.query.get("timeoutSeconds") or WATCH_SECONDS)):
                await answer.write(line)
            await answer.write_eof()
        finally:
            self.store.listeners.remove(watcher.hear)
            self.machine.watchers.pop(watcher, None)
        return answer

    async def _log(self, request: web.Request, target: Target, _user: User) -> web.Response:
        pod = self._find(target)
        lines = self.machine.kubelet.log(
            pod, request.query.get("container"), previous=request.query.get("previous") == "true"
        )
        if tail := request.query.get("tailLines"):
            lines = lines[max(0, len(lines) - int(tail)) :]
        return web.Response(text="".join(f"{line}\n" for line in lines))

    # writing

    async def _create(self, request: web.Request, target: Target, _user: User) -> web.Response:
        if target.name:
            raise no_such_path()
        body = await _body(request)
        manager = request.query.get("fieldManager") or _agent(request)
        namespace = target.namespace if target.resource.namespaced else ""
        made = self.registry.create(target.resource, namespace, body, manager=manager)
        return web.json_response(made, status=201)

    async def _update(self, request: web.Request, target: Target, _user: User) -> web.Response:
        body, before = await _body(request), self._find(target)
        manager = request.query.get("fieldManager") or _agent(request)
        if target.part == "scale":
            return web.json_response(scale_of(scaled(self.registry, before, body, manager)))
        changed = self.registry.replace(target.resource, before, body, part=target.part, manager=manager)
        return web.json_response(changed)

    async def _patch(self, request: web.Request, target: Target, user: User) -> web.Response:
        if request.content_type in APPLY:
            return await self._apply(request, target, user)
        patch, before = await _body(request), self._find(target)
        manager = request.query.get("fieldManager") or _agent(request)
        if target.part == "scale":
            scale = patches.patched(scale_of(before), patch, request.content_type)
            return web.json_response(scale_of(scaled(self.registry, before, scale, manager)))
        after = patches.patched(before, patch, request.content_type)
        changed = self.registry.replace(target.resource, before, after, part=target.part, manager=manager)
        return web.json_response(changed)

    async def _apply(self, request: web.Request, target: Target, user: User) -> web.Response:
        """Server-side apply; what is not there is created, which needs that right as well."""
        manager = request.query.get("fieldManager")
        if not manager:
            raise bad_request(
                "PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply "
                "patch"
            )
        config = await _body(request)
        namespace = target.namespace if target.resource.namespaced else ""
        if self.store.get(target.resource, namespace, target.name) is None:
            self.machine.access.check(user, target.resource, "", "create", target.namespace, target.name)
        force = request.query.get("force") == "true"
        made, created = self.registry.apply(
            target.resource, namespace, target.name, config, manager=manager, force=force
        )
        return web.json_response(made, status=201 if created else 200)

    async def _delete(self, request: web.Request, target: Target, _user: User) -> web.Response:
        options = await _body(request)
        for key in ("propagationPolicy", "gracePeriodSeconds"):
            if key in request.query:
                text = request.query[key]
                options.setdefault(key, int(text) if key == "gracePeriodSeconds" else text)
        namespace = target.namespace if target.resource.namespaced else ""
        return web.json_response(self.registry.delete(target.resource, namespace, target.name, options))

    async def _delete_all(self, request: web.Request, target: Target, _user: User) -> web.Response:
        options = await _body(request)
        found = reading.page(self.store, target.resource, target.namespace or None, request.query)
        for thing in found["items"]:
            with contextlib.suppress(Refused):
                self.registry.delete(target.resource, space_of(thing), name_of(thing), options)
        return web.json_response(found)

    async def _stream(self, request: web.Request, target: Target, _user: User) -> web.StreamResponse:
        pod = self._find(target)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise bad_request("Upgrade request required")
        if not pod["spec"].get("nodeName"):
            raise bad_request(f"pod {target.name} does not have a host assigned")
        return await self.machine.streams.serve(request, pod, target.part)


class _Dropped(Exception):
    pass


async def _body(request: web.Request) -> Any:
    """JSON, or YAML, of which JSON is a part that is read much faster."""
    raw = await request.read()
    if not raw:
        return {}
    try:
        return json.loads(raw)
    except ValueError as error:
        if "yaml" not in request.content_type:
            raise bad_request(f"error decoding: {error}") from None
    try:
        return yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from None


def _selected_name(request: web.Request) -> str:
    """A list of one name is asked for by that name, so that a Role can allow just it."""
    found = re.search(r"(?:^|,)metadata\.name==?([^,]+)", request.query.get("fieldSelector", ""))
    return found[1] if found else ""


def _agent(request: web.Request) -> str:
    """The manager of a change that names none: the first word of the user agent."""
    return request.headers.get("User-Agent", "unknown").split("/")[0]
