"""The public API as the stack's own tools use it: signed in as the seeded administrator, like any
client."""

from typing import Any

import httpx

from infra.local.seed import credentials
from infra.local.settings import Settings


class ApiError(Exception):
    """The API did not do it; the message says why."""


class Client:
    """Signs in at once. Raises ApiError."""

    def __init__(self, settings: Settings) -> None:
        self._http = httpx.Client(base_url=settings.local_url, timeout=20, trust_env=False)
        known = credentials(settings)
        body = {
            "email": known.get("STREAMSPACE_EMAIL"),
            "password": known.get("STREAMSPACE_PASSWORD"),
            "tenant": "demo",
        }
        token = self.call("POST", "/v1/auth/login", body)["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer's JSON (None if it has none). Raises ApiError."""
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise ApiError(f"{method} {path}: {error or type(error).__name__}") from error
        if answer.is_error:
            raise ApiError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def all(self, path: str) -> list[dict[str, Any]]:
        """All items of a list, page by page. Raises ApiError."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self.call("GET", f"{path}{'?' if '?' not in path else '&'}limit=100" + _after(cursor))
            items += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return items


def _after(cursor: str | None) -> str:
    return f"&cursor={cursor}" if cursor else ""
