"""The API reference page: plain HTML made from the OpenAPI document, no script and nothing from outside."""

import html
import json
from pathlib import Path
from string import Template
from typing import Any

_STYLE = (Path(__file__).parent / "reference.css").read_text()
_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>$title: API reference</title><style>$style</style></head>
<body><div class="page">
<nav><strong>$title</strong><p class="dim"><a href="/v1/openapi.json">openapi.json</a></p>$menu</nav>
<main><h1>$title API</h1><p class="dim">$description</p>$body</main>
</div></body></html>""")
_OPERATION = Template("""<article id="$id">
<h3><span class="verb $method">$verb</span>$path</h3>
<p>$summary <span class="dim">$description</span></p>$parameters$shapes
<p class="dim">Refusals (problem+json): $refusals</p></article>""")
_DEEPEST = 5

Document = dict[str, Any]


def page(document: Document) -> str:
    """The whole page."""
    by_tag: dict[str, list[tuple[str, str, Document]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append((method, path, operation))
    menu, body = [], []
    for tag, operations in sorted(by_tag.items()):
        heading = f"<h2>{html.escape(tag)}</h2>"
        links = [
            f'<a href="#{each["operationId"]}">{html.escape(each["summary"])}</a>'
            for _, _, each in operations
        ]
        menu += [heading, *links]
        body += [heading, *(_operation(method, path, each, document) for method, path, each in operations)]
    return _PAGE.substitute(
        title=html.escape(document["info"]["title"]),
        description=html.escape(document["info"]["description"]),
        style=_STYLE,
        menu="".join(menu),
        body="".join(body),
    )


def _operation(method: str, path: str, operation: Document, document: Document) -> str:
    refusals = [status for status in operation["responses"] if not status.startswith("2")]
    return _OPERATION.substitute(
        id=operation["operationId"],
        method=method,
        verb=method.upper(),
        path=html.escape(path),
        summary=html.escape(operation["summary"]),
        description=html.escape(operation.get("description", "")),
        parameters=_parameters(operation["parameters"]),
        shapes=_shapes(operation, document),
        refusals=", ".join(refusals),
    )


def _parameters(parameters: list[Document]) -> str:
    rows = [
        f"<tr><td><code>{html.escape(each['name'])}</code></td><td>{each['in']}</td>"
        f"<td>{html.escape(each.get('description', ''))}</td></tr>"
        for each in parameters
    ]
    return f"<table><tr><th>Parameter</th><th>In</th><th></th></tr>{''.join(rows)}</table>" if rows else ""


def _shapes(operation: Document, document: Document) -> str:
    shapes = []
    if "requestBody" in operation:
        shapes.append(("Body", operation["requestBody"]["content"]["application/json"]["schema"]))
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if status.startswith("2") and "application/json" in content:
            shapes.append((f"Answer {status}", content["application/json"]["schema"]))
    return "".join(
        f"<details><summary>{label}</summary><pre>{_shape(schema, document)}</pre></details>"
        for label, schema in shapes
    )


def _shape(schema: Document, document: Document) -> str:
    return html.escape(json.dumps(_outline(schema, document, 0), indent=2, ensure_ascii=False))


def _outline(schema: Document, document: Document, depth: int) -> Any:
    """The shape by example: property names with their types, references followed."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if depth > _DEEPEST:
        return "…"
    if "anyOf" in schema:
        options = [_outline(each, document, depth + 1) for each in schema["anyOf"]]
        return " | ".join(options) if all(isinstance(each, str) for each in options) else options[0]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "object" and "properties" in schema:
        return {name: _outline(each, document, depth + 1) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_outline(schema.get("items", {}), document, depth + 1)]
    shown: str = schema.get("format") or schema.get("const") or schema.get("type", "any")
    return shown
