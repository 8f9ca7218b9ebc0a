"""HTTP of the API about itself."""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

from chalicelib.core import openapi
from chalicelib.core.api import Answer, Api, Call, Operation, anonymous
from chalicelib.core.caller import Anonymous
from chalicelib.core.schemas import ResponseBody
from chalicelib.meta import reference

TITLE = "StreamSpace"
VERSION = "0.1.0"
DESCRIPTION = "Containerised desktops and applications, streamed to a browser tab."
_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


class HealthView(ResponseBody):
    status: Literal["ok"]
    version: str


def build(operations: Callable[[], Sequence[Operation]]) -> Api[Anonymous]:
    """The routes; `operations` gives every capability's, these included."""
    api = Api("meta", anonymous, security=None)

    @lru_cache(maxsize=1)
    def document() -> dict[str, Any]:
        return openapi.build(operations(), title=TITLE, version=VERSION, description=DESCRIPTION)

    @api.get("/healthz", answers=HealthView)
    def health(_call: Call[Anonymous]) -> HealthView:
        """Whether the API answers."""
        return HealthView(status="ok", version=VERSION)

    @api.get("/v1/openapi.json", answers={"type": "object"})
    def openapi_document(_call: Call[Anonymous]) -> Answer:
        """This API as OpenAPI 3.1."""
        return Answer(json.dumps(document(), separators=(",", ":")), headers={"Cache-Control": "max-age=300"})

    @api.get("/docs", answers={"type": "string"}, content_type="text/html; charset=utf-8")
    def docs(_call: Call[Anonymous]) -> Answer:
        """The API reference for people."""
        return Answer(reference.page(document()), headers={"Content-Security-Policy": _CSP})

    return api
