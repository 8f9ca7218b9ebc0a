"""Who among the viewers may still look: asked whenever there is something to see.

An event WebSocket lives for two hours, and is no request that would be refused: who is signed out, disabled
or given less in the meantime must not go on listening. So each delivery reads, a hundred rows at a time, what
a request of theirs would read.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from chalicelib.api_keys.service import ApiKeyService
from chalicelib.events.rules import Viewer
from chalicelib.identity.service import IdentityService


@dataclass(frozen=True)
class Viewers:
    """The viewers of one tenant."""

    identity: IdentityService
    api_keys: ApiKeyService

    def present(self, tenant_id: str, viewers: Collection[Viewer]) -> dict[Viewer, Viewer]:
        """Those who may come in at this moment, with what they are still permitted."""
        asked = {(each.user_id, each.sign_in_id) for each in viewers}
        granted = self.identity.present(tenant_id, asked) if asked else {}
        found = {}
        for viewer in viewers:
            permitted = granted.get((viewer.user_id, viewer.sign_in_id))
            if permitted is not None and self._shows(viewer):
                found[viewer] = replace(viewer, permissions=viewer.permissions & permitted)
        return found

    def _shows(self, viewer: Viewer) -> bool:
        if viewer.sign_in_id:
            return True  # identity has looked
        return bool(viewer.key_id) and self.api_keys.works(viewer.tenant_id, viewer.key_id)
