"""A small app with WebSocket handlers, for the api process under test. Each call is noted."""

from typing import Any

from chalice.app import Chalice, Response, WebsocketEvent

app = Chalice(app_name="toy")
app.experimental_feature_flags.add("WEBSOCKETS")
seen: list[tuple[str, str, str]] = []


@app.on_ws_connect()
def opened(event: WebsocketEvent) -> Response | None:
    raw = event.to_dict()
    if (raw["queryStringParameters"] or {}).get("refuse"):
        return Response(body="", status_code=403)
    seen.append(("connect", event.connection_id, raw["requestContext"]["identity"]["sourceIp"]))
    return None


@app.on_ws_message()
def said(event: WebsocketEvent) -> None:
    seen.append(("message", event.connection_id, event.body))
    if event.body == "fail":
        raise RuntimeError("as asked")


@app.on_ws_disconnect()
def closed(event: WebsocketEvent) -> None:
    seen.append(("disconnect", event.connection_id, ""))


@app.route("/v1/things", methods=["POST"], content_types=[])
def make_thing() -> dict[str, Any]:
    seen.append(("made", "", ""))
    return {}


@app.route("/v1/things")
def things() -> dict[str, Any]:
    return {"source": app.current_request.context["identity"]["sourceIp"]}
