"""The API reference page: plain HTML made from the OpenAPI document, no script and nothing from outside."""

import html
import json
from typing import Any

_STYLE = """
:root{color-scheme:light dark;--line:#d5dbe3;--soft:#f4f6f9;--ink:#16202c;--dim:#5a6878;--brand:#0b6bcb}
@media(prefers-color-scheme:dark){:root{--line:#2d3a48;--soft:#17212c;--ink:#e3e9ef;--dim:#93a1b0;--brand:#5fb0ff}}
*{box-sizing:border-box}body{margin:0;font:15px/1.55 system-ui,sans-serif;color:var(--ink);background:canvas}
.page{display:grid;grid-template-columns:260px minmax(0,1fr);max-width:1240px;margin:auto}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:24px 16px;border-right:1px solid var(--line)}
nav a{display:block;color:inherit;text-decoration:none;padding:3px 0;font-size:13px;overflow-wrap:anywhere}
nav a:hover{color:var(--brand)}nav h2{font-size:12px;text-transform:uppercase;letter-spacing:.06em;color:var(--dim);margin:18px 0 4px}
main{padding:24px 32px 80px;min-width:0}h1{margin:0 0 4px}article{border:1px solid var(--line);border-radius:10px;margin:20px 0;padding:16px 20px}
article h3{margin:0;font:600 15px ui-monospace,monospace;overflow-wrap:anywhere}.verb{color:#fff;background:var(--brand);border-radius:5px;padding:2px 8px;margin-right:8px}
.verb.delete{background:#b3261e}.verb.post{background:#1a7f37}.verb.patch,.verb.put{background:#9a6700}
table{border-collapse:collapse;width:100%;font-size:13px;margin:8px 0}td,th{text-align:left;padding:5px 8px;border-top:1px solid var(--line);vertical-align:top}
th{color:var(--dim);font-weight:600}code,pre{font:13px ui-monospace,monospace}pre{background:var(--soft);padding:12px;border-radius:8px;overflow:auto}
.dim{color:var(--dim)}@media(max-width:720px){.page{display:block}nav{position:static;height:auto;border:0}main{padding:16px}}
"""


def page(document: dict[str, Any]) -> str:
    """The whole page."""
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append((method, path, operation))
    menu = "".join(
        f"<h2>{_text(tag)}</h2>"
        + "".join(f'<a href="#{_text(op["operationId"])}">{_text(op["summary"])}</a>' for _, _, op in ops)
        for tag, ops in sorted(by_tag.items())
    )
    body = "".join(
        f"<h2>{_text(tag)}</h2>" + "".join(_operation(method, path, op, document) for method, path, op in ops)
        for tag, ops in sorted(by_tag.items())
    )
    info = document["info"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(info['title'])}: API reference</title><style>{_STYLE}</style></head><body><div class=page>"
        f'<nav><strong>{_text(info["title"])}</strong><p class=dim><a href="/v1/openapi.json">openapi.json</a></p>{menu}</nav>'
        f"<main><h1>{_text(info['title'])} API</h1><p class=dim>{_text(info['description'])}</p>{body}</main></div></body></html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    parts = [
        f'<article id="{_text(operation["operationId"])}"><h3><span class="verb {method}">{method.upper()}</span>{_text(path)}</h3>'
        f"<p>{_text(operation['summary'])} <span class=dim>{_text(operation.get('description', ''))}</span></p>"
    ]
    parameters = operation["parameters"]
    if parameters:
        rows = "".join(
            f"<tr><td><code>{_text(each['name'])}</code></td><td>{each['in']}</td><td>{_text(each.get('description', ''))}</td></tr>"
            for each in parameters
        )
        parts.append(f"<table><tr><th>Parameter</th><th>In</th><th></th></tr>{rows}</table>")
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        parts.append(f"<details><summary>Body</summary><pre>{_schema(schema, document)}</pre></details>")
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if status.startswith("2") and "application/json" in content:
            shown = _schema(content["application/json"]["schema"], document)
            parts.append(f"<details><summary>Answer {status}</summary><pre>{shown}</pre></details>")
    refusals = ", ".join(status for status in operation["responses"] if not status.startswith("2"))
    parts.append(f"<p class=dim>Refusals (problem+json): {refusals}</p></article>")
    return "".join(parts)


def _schema(schema: dict[str, Any], document: dict[str, Any]) -> str:
    return _text(json.dumps(_outline(schema, document, 0), indent=2, ensure_ascii=False))


def _outline(schema: dict[str, Any], document: dict[str, Any], depth: int) -> Any:
    """The shape by example: property names with their types, references followed."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if depth > 5:
        return "…"
    if "anyOf" in schema:
        options = [_outline(each, document, depth + 1) for each in schema["anyOf"]]
        return (
            options[0]
            if len(options) == 1 or not isinstance(options[0], str)
            else " | ".join(map(str, options))
        )
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "object" and "properties" in schema:
        return {name: _outline(each, document, depth + 1) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_outline(schema.get("items", {}), document, depth + 1)]
    return schema.get("format") or schema.get("const") or schema.get("type", "any")


def _text(value: str) -> str:
    return html.escape(value)
