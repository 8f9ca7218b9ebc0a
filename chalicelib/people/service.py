"""The door: the use cases on people, and the types that they speak."""

from chalicelib.people.groups import Counted, GroupService
from chalicelib.people.invitations import InvitationService, Issued
from chalicelib.people.letters import Offer
from chalicelib.people.rules import MOST_GROUPS, Group, Invitation, InvitationState, charged, open_to
from chalicelib.people.users import Departure, PeopleService

__all__ = [
    "MOST_GROUPS",
    "Counted",
    "Departure",
    "Group",
    "GroupService",
    "Invitation",
    "InvitationService",
    "InvitationState",
    "Issued",
    "Offer",
    "PeopleService",
    "charged",
    "open_to",
]
