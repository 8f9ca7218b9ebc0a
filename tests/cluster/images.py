"""How a cluster gets the images that the tests run.

STREAMSPACE_TEST_IMAGES=registry.example/team: they were pushed there before (`python -m tests.cluster.push`).
Otherwise registries of these tests serve them on 127.0.0.1, for clusters whose one node is this machine.
"""

import os
from dataclasses import dataclass

from tests.cluster.archive_registry import ArchiveRegistry
from tests.contract.drivers import tiny_image
from tests.contract.drivers.tiny_registry import TinyRegistry

VARIABLE = "STREAMSPACE_TEST_IMAGES"
DESKTOP = f"streamspace/terminal:{os.environ.get('IMAGE_TAG', 'dev')}"


@dataclass(frozen=True)
class Images:
    """As the cluster pulls them."""

    tiny: str
    """Answers RFB, and looks around from inside."""
    absent: str
    desktop: str


def names(prefix: str) -> Images:
    """Where they are below a registry's prefix."""
    tiny, desktop = (image.rpartition("/")[2] for image in (tiny_image.IMAGE, DESKTOP))
    return Images(tiny=f"{prefix}/{tiny}", absent=f"{prefix}/nothing:1", desktop=f"{prefix}/{desktop}")


class Served:
    """Registries in this process, until closed."""

    def __init__(self) -> None:
        self._archive, self._tiny = ArchiveRegistry(), TinyRegistry()
        tiny = self._archive.serve(tiny_image.build())
        self.images = Images(tiny=tiny, absent=self._tiny.absent, desktop=self._archive.serve(DESKTOP))

    def close(self) -> None:
        self._archive.close()
        self._tiny.close()
