"""What a control plane hands out for clusters: the packed chart, plain manifests and their installer.

The same bytes for the same files: what is downloaded twice can be compared, and a rebuild that changes
nothing is seen to change nothing.
"""

import gzip
import io
import re
import tarfile
from pathlib import Path

from infra.images.context import File, read

CHART = Path(__file__).parent / "agent"
NAME = "streamspace-agent"
"""The chart's, and so the top folder's in its archive: Helm insists on it."""
MANIFESTS = Path(__file__).parent / "manifests.yaml"
INSTALLER = Path(__file__).parent / "install.sh"
_IMAGE = re.compile(r"^(?P<repository>[a-z0-9][^\s@\"']*?):(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$")


class ImageNameError(ValueError):
    """Not `repository:tag`."""


def files(image: str) -> dict[str, bytes]:
    """By name below `/install`. `image` becomes the default of chart and manifests. Raises ImageNameError."""
    match = _IMAGE.match(image)
    if match is None:
        raise ImageNameError(f"{image!r} is not an image's name and tag, such as registry.example/agent:1.0.")
    return {
        "agent-chart.tgz": archive(match["repository"], match["tag"]),
        "kubernetes": INSTALLER.read_bytes(),
        "kubernetes.yaml": _replaced(MANIFESTS.read_text(), "          image", image).encode(),
    }


def archive(repository: str, tag: str) -> bytes:
    """The chart as `helm package` would make it, with that image as its default."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in read(CHART):
            content = _with_image(file, repository, tag)
            entry = tarfile.TarInfo(f"{NAME}/{file.path}")
            entry.size, entry.mode = len(content), file.mode
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), 9, mtime=0)


def _with_image(file: File, repository: str, tag: str) -> bytes:
    if file.path != "values.yaml":
        return file.content
    text = _replaced(file.content.decode(), "  repository", repository)
    return _replaced(text, "  tag", tag).encode()


def _replaced(text: str, key: str, value: str) -> str:
    """That line, with that value: whoever reads the file still finds its comments."""
    text, count = re.subn(rf"(?m)^({key}: ).*$", rf'\g<1>"{value}"', text)
    if count != 1:
        raise ValueError(f"{key.strip()} is there {count} times.")
    return text
