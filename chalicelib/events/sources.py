"""The tables whose changes are events."""

from chalicelib.controllers.schemas import ControllerView
from chalicelib.controllers.service import ControllerService
from chalicelib.events.rules import Image, Source, Subject

_UNREMARKABLE = frozenset({"last_seen_at", "state_until", "usage"})
"""What each heartbeat changes. The state is compared as it is now, so that one that is heard from again after
a silence makes news, and one that is heard from regularly does not."""


def controllers(service: ControllerService) -> Source:
    """Controllers, which belong to no user."""

    def read(image: Image) -> Subject:
        candidate = service.from_image(image)
        controller = candidate.controller
        return Subject(controller.tenant_id, controller.id, ControllerView.of(candidate))

    return Source("controller", read, ignored=_UNREMARKABLE)
