"""Enrolment: a token and a fresh key become a controller id (design §5, "Identity of agents")."""

from dataclasses import dataclass

import httpx

from agent import __version__
from agent.client import errors, problems, versions
from agent.client.control import parse, post
from agent.client.identity import Enrolment, IdentityStore, hash_token, public_key_text
from chalicelib.protocol import PROTOCOL_VERSION
from chalicelib.protocol.agents import Backend, EnrollAnswer, EnrollRequest


class WrongState(Exception):
    """The state folder belongs to another control plane; the message says what to do."""


@dataclass(frozen=True)
class Enrolled:
    """`fresh` is False when this agent was enrolled with this very token before."""

    enrolment: Enrolment
    fresh: bool


async def enroll(
    http: httpx.AsyncClient, store: IdentityStore, *, url: str, token: str, backend: Backend, takeover: bool
) -> Enrolled:
    """Enrol, or find that it is done already: the same command may be given again.

    A new token on an enrolled folder enrols anew with the same key. Raises `errors.ApiError`, WrongState,
    IdentityUnreadable.
    """
    url = url.rstrip("/")
    known = store.enrolment()
    if known is not None and known.url != url:
        raise WrongState(
            f"{store.folder} is enrolled with {known.url}: use another folder (--state), or remove it."
        )
    if known is not None and known.made_with(token):
        return Enrolled(known, fresh=False)
    public_key = public_key_text(store.key())
    request = EnrollRequest(
        token=token,
        public_key=public_key,
        backend=backend,
        agent_version=__version__,
        protocol_version=PROTOCOL_VERSION,
        takeover=takeover,
    )
    response = await post(http, "/agent/v1/enroll", request.model_dump_json().encode())
    if not response.is_success:
        raise problems.read(response).error
    answer = parse(EnrollAnswer, response)
    versions.check(answer.protocol_version)
    enrolment = Enrolment(
        url=url,
        platform=backend.platform,
        token_sha256=hash_token(token),
        answer=answer,
        public_key=public_key,
    )
    store.drop_next_key()  # it belonged to the agent that was enrolled before
    store.remember(enrolment)
    return Enrolled(enrolment, fresh=True)


def advice(error: errors.ApiError) -> str:
    """What a person can do about a refused enrolment."""
    if isinstance(error, errors.Unreachable):
        return f"The control plane does not answer ({error.detail}). Check --url and the network."
    if isinstance(error, errors.TooOld):
        return f"This agent is too old for that control plane: {error.detail}"
    return error.detail
