"""YAML text to manifests. Nothing in it is trusted: no tags, no references, bounded size and depth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.core.errors import Invalid

GROUPS = frozenset({"stream.space", "stream.streamspace.io", "workspaces.aiinfra.io"})
"""API groups under which the original has published the same two kinds."""
_KINDS: dict[str, Literal["template", "session"]] = {
    "Template": "template",
    "WorkspaceTemplate": "template",
    "Session": "session",
    "WorkspaceSession": "session",
}
MOST = 500
"""Manifests in one request."""
_LONGEST_NAME = 253


@dataclass(frozen=True)
class Manifest:
    kind: Literal["template", "session"]
    name: str
    spec: dict[str, Any]


@dataclass(frozen=True)
class Foreign:
    """A document that is no manifest of ours; `why` says so."""

    kind: str
    name: str
    why: str


def read(text: str) -> list[Manifest | Foreign]:
    """All documents, lists opened, in their order. Raises Invalid with the line when it is no YAML, or when
    there is too much or nothing."""
    found = [_manifest(each) for document in _documents(text) for each in _opened(document)]
    if not found:
        raise Invalid.field("manifests", "There is nothing in it.")
    if len(found) > MOST:
        raise Invalid.field("manifests", f"At most {MOST} manifests at once; send the rest after these.")
    return found


def _documents(text: str) -> list[Any]:
    # Only imports need YAML: other requests do not pay for loading it.
    import yaml  # noqa: PLC0415

    class Loader(yaml.SafeLoader):
        """References can make a few lines into gigabytes, and manifests have no use for them."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.get_mark()
                raise yaml.MarkedYAMLError(problem="references (*name) are not read", problem_mark=mark)
            return super().compose_node(parent, index)

    try:
        return [each for each in yaml.load_all(text, Loader) if each is not None]
    except yaml.MarkedYAMLError as error:
        line = f"Line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise Invalid.field("manifests", f"{line}{error.problem or 'not YAML'}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise Invalid.field("manifests", f"This is not YAML: {str(error)[:200]}") from error
    except RecursionError as error:
        raise Invalid.field("manifests", "It is nested too deeply.") from error


def _opened(document: Any) -> Iterator[Any]:
    if isinstance(document, dict) and str(document.get("kind", "")).endswith("List"):
        items = document.get("items")
        yield from items if isinstance(items, list) else []
    else:
        yield document


def _manifest(document: Any) -> Manifest | Foreign:
    if not isinstance(document, dict):
        return Foreign("", "", "It is not a manifest: apiVersion, kind, metadata and spec are missing.")
    kind = str(document.get("kind", ""))[:_LONGEST_NAME]
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    name = str(name)[:_LONGEST_NAME] if name else ""
    group = str(document.get("apiVersion", "")).partition("/")[0]
    if group not in GROUPS or kind not in _KINDS:
        return Foreign(kind, name, "Only templates and sessions of stream.space are imported.")
    if not name:
        return Foreign(kind, name, "It has no metadata.name.")
    spec = document.get("spec")
    if not isinstance(spec, dict):
        return Foreign(kind, name, "It has no spec.")
    return Manifest(_KINDS[kind], name, {str(key): value for key, value in spec.items()})
