"""Calls to a cluster's API server as whoever runs the tests: JSON in, JSON out."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.stream import ws_client
from urllib3.exceptions import HTTPError

Object = dict[str, Any]
SECONDS = 30


class Unusable(Exception):
    """There is no cluster to test on; the message says why."""


class Refused(AssertionError):
    """An answer that is no success."""

    def __init__(self, asked: str, status: int, said: str) -> None:
        super().__init__(f"{asked}: {status} {said}")
        self.status = status


def connect(kubeconfig: str) -> "Api":
    """Whoever the file says. Raises Unusable, in a sentence."""
    if not kubeconfig:
        raise Unusable("No cluster was named. Say: make test-kubernetes KUBECONFIG=/path/of/a/kubeconfig")
    for path in kubeconfig.split(":"):
        if path and not Path(path).expanduser().is_file():
            raise Unusable(f"KUBECONFIG names {path}, and there is no such file.")
    try:
        open_client: Callable[[str], Any] = config.new_client_from_config
        api = Api(open_client(kubeconfig))
    except config.ConfigException as error:
        raise Unusable(f"KUBECONFIG={kubeconfig} cannot be used: {error}") from error
    try:
        api.call("GET", "/api/v1/namespaces?limit=1")
    except (Refused, client.ApiException, HTTPError, OSError) as error:
        said = " ".join(str(error).split())[:300]
        raise Unusable(
            f"The cluster at {api.host} (KUBECONFIG={kubeconfig}) cannot be used: {said}"
        ) from error
    return api


@dataclass(frozen=True)
class Api:
    client: Any

    @property
    def settings(self) -> Any:
        """Address, authority and credentials."""
        return self.client.configuration

    @property
    def host(self) -> str:
        return str(self.settings.host)

    def call(self, method: str, path: str, body: Object | None = None) -> Object:
        """Raises Refused."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        asked = self._request(method, path, (), headers, body)
        answer = self.client.call_api(*asked, _request_timeout=SECONDS)
        raw = answer.response.read()
        if not 200 <= answer.status < 300:
            raise Refused(f"{method} {path}", answer.status, raw.decode(errors="replace")[:500])
        return dict(json.loads(raw))

    def items(self, path: str) -> list[Object]:
        return list(self.call("GET", path)["items"])

    def get(self, path: str) -> Object | None:
        """None if there is none."""
        try:
            return self.call("GET", path)
        except Refused as error:
            if error.status != 404:
                raise
        return None

    def delete(self, path: str, *, now: bool = False) -> None:
        """If it is there. `now`: without its grace period."""
        try:
            self.call("DELETE", path, {"gracePeriodSeconds": 0} if now else None)
        except Refused as error:
            if error.status != 404:
                raise

    def run(self, namespace: str, pod: str, *command: str) -> str:
        """Run something in a pod's first container; all that it printed."""
        query = [("command", each) for each in command] + [("stdout", "true"), ("stderr", "true")]
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec"
        method, url, headers, *_ = self._request("GET", path, query, {}, None)
        ask: Callable[..., Any] = ws_client.websocket_call
        answer = ask(self.settings, method, url, headers=headers, _request_timeout=SECONDS)
        return str(answer.data)

    def _request(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        headers: dict[str, str],
        body: Object | None,
    ) -> tuple[Any, ...]:
        credentials = ["BearerToken"]
        found: tuple[Any, ...] = self.client.param_serialize(
            method, path, None, list(query), headers, body, auth_settings=credentials
        )
        return found
