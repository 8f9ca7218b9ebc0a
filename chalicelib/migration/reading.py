"""YAML text to manifests. Nothing in it is trusted: no tags, no references, bounded size and depth.

What is not true, false or null is text as it is written: no manifest has a use for dates, and numbers of a
thousand digits would have to be guarded against wherever one is read.
"""

import re
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
_NAME = re.compile(rf"[a-z0-9](?:[a-z0-9.-]{{0,{_LONGEST_NAME - 2}}}[a-z0-9])?")
_TYPES = frozenset({"tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"})
_NO_TEXT = re.compile(r"[\0\ud800-\udfff]")
"""What escapes can write and nothing can store."""


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

    def refused(problem: str, mark: Any) -> Exception:
        return yaml.MarkedYAMLError(problem=problem, problem_mark=mark)

    peek: Any = yaml.SafeLoader.peek_event

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            event = peek(self)
            if isinstance(event, yaml.AliasEvent):  # a few lines could become gigabytes
                raise refused("references (*name) are not read", event.start_mark)
            if getattr(event, "tag", None) is not None:
                raise refused("tags (!name) are not read", event.start_mark)
            return super().compose_node(parent, index)

        def construct_scalar(self, node: Any) -> Any:
            value = super().construct_scalar(node)
            if _NO_TEXT.search(value):
                raise refused("there is a character that no text has", node.start_mark)
            return value

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            made = super().construct_mapping(node, deep)
            seen = set[Any]()
            for key, _ in node.value if len(made) < len(node.value) else ():
                name = self.construct_object(key)
                if name in seen:  # YAML would take the last one in silence
                    raise refused(f"{str(name)[:80]} is given twice", key.start_mark)
                seen.add(name)
            return made

    Loader.yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in known if tag in _TYPES]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return [each for each in yaml.load_all(text, Loader) if each is not None]
    except yaml.MarkedYAMLError as error:
        line = f"Line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise Invalid.field("manifests", f"{line}{error.problem or 'not YAML'}.") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise Invalid.field("manifests", f"This is not YAML: {str(error)[:200]}") from error
    except RecursionError as error:
        raise Invalid.field("manifests", "It is nested too deeply.") from error


def _opened(document: Any) -> Iterator[Any]:
    items = document.get("items") if isinstance(document, dict) else None
    if isinstance(items, list) and str(document.get("kind", "")).endswith("List"):
        yield from items
    else:
        yield document


def _manifest(document: Any) -> Manifest | Foreign:
    if not isinstance(document, dict):
        return Foreign("", "", "It is not a manifest: apiVersion, kind, metadata and spec are missing.")
    kind = str(document.get("kind", ""))[:_LONGEST_NAME]
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    name = str(name)[: _LONGEST_NAME + 1] if name else ""
    group = str(document.get("apiVersion", "")).partition("/")[0]
    if group not in GROUPS or kind not in _KINDS:
        return Foreign(kind, name, "Only templates and sessions of stream.space are imported.")
    if not name:
        return Foreign(kind, name, "It has no metadata.name.")
    if not _NAME.fullmatch(name):
        why = "Use small letters, digits, dots and hyphens, as the original does."
        return Foreign(kind, name, f"metadata.name: {why}")
    spec = document.get("spec")
    if not isinstance(spec, dict):
        return Foreign(kind, name, "It has no spec.")
    return Manifest(_KINDS[kind], name, {str(key): value for key, value in spec.items()})
