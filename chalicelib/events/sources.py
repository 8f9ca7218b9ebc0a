"""The tables whose changes are events."""

from chalicelib.controllers.schemas import ControllerView
from chalicelib.controllers.service import ControllerService
from chalicelib.core.ids import is_id
from chalicelib.events.rules import Image, Source, Subject
from chalicelib.sessions.service import SessionService

_HEARTBEAT = frozenset({"last_seen_at", "state_until", "usage", "load"})
"""What each heartbeat changes. The state is compared as it is now, so that one that is heard from again after
a silence makes news, and one that is heard from regularly does not."""


def controllers(service: ControllerService) -> Source:
    """Controllers, which belong to no user."""

    def read(image: Image) -> Subject:
        candidate = service.from_image(image)
        controller = candidate.controller
        return Subject(controller.tenant_id, controller.id, ControllerView.of(candidate))

    return Source("controller", read, ignored=_HEARTBEAT)


_ACTIVITY = frozenset({"last_activity_at", "updated_at"})
"""What a person at work changes all the time."""


def sessions(service: SessionService) -> Source:
    """Sessions, each its user's. Their last event says `terminated`; a row that moves to the archive or
    expires there is no news."""

    def read(image: Image) -> Subject | None:
        tenant_id = image["tenant_id"]["S"]
        if not is_id(tenant_id, "ten"):  # archived rows are not kept under the tenant's id
            return None
        view = service.view_of_image(image)
        return Subject(tenant_id, view.id, view, owner=view.user_id)

    return Source("session", read, ignored=_ACTIVITY, ends=False)
