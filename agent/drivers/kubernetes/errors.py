"""What the API's refusals mean to people. The only module that reads their texts.

platform_unavailable   TemporaryError   no answer, too busy, or the namespace is gone or going
platform_unauthorized  TemporaryError   401: the credentials are no longer taken (they rotate)
                       PermanentError   403: a right is missing; the message says which
quota_exceeded         PermanentError   a ResourceQuota or LimitRange of the namespace forbids it
policy_refused         PermanentError   Pod Security or an admission policy forbids it
                       TemporaryError   an admission webhook must be asked and does not answer
platform_error         PermanentError   the API takes the object for invalid
                       TemporaryError   anything else, in the API server's own words

Expected answers (not found, conflict, gone) are return values or exceptions of `cluster.py`, not these.
"""

import json
import re
import ssl
from dataclasses import dataclass
from typing import Any

import urllib3.exceptions
from kubernetes.client import ApiException
from kubernetes.config import ConfigException

from agent.drivers.base import DriverError, PermanentError, TemporaryError
from chalicelib.protocol.instances import Reason

Transport = (urllib3.exceptions.HTTPError, OSError, ssl.SSLError)
"""What the client raises when no answer came."""

_MISSING_RIGHT = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]*)"'
    r'(?: in API group "(?P<group>[^"]*)")?(?P<where> in the namespace "[^"]*"| at the cluster scope)?'
)
_NO_NAMESPACE = re.compile(
    r'namespaces? "?(?P<name>[a-z0-9.-]+)"? (?:not found|because it is being terminated)'
)
_QUOTA = re.compile(
    r"exceeded quota|failed quota|insufficient quota"
    r"|(?:maximum|minimum) [\w./-]+ usage per (?:pod|container|persistentvolumeclaim)"
    r"|limit to request ratio",
    re.I,
)
_POLICY = re.compile(
    r"violates PodSecurity|admission webhook .* denied|ValidatingAdmissionPolicy .* denied"
    r"|denied the request|violates pod security|security context constraint",
    re.I,
)
_WEBHOOK_SILENT = re.compile(r"failed calling webhook", re.I)


@dataclass(frozen=True)
class Refusal:
    """An answer that is no success: the API's Status object, read."""

    status: int
    message: str
    reason: str = ""
    retry_after: float | None = None


def permanent(code: str, message: str) -> PermanentError:
    return PermanentError(Reason(code=code, message=message))


def temporary(code: str, message: str) -> TemporaryError:
    return TemporaryError(Reason(code=code, message=message))


def unavailable(address: str, error: BaseException | str) -> TemporaryError:
    """No answer; the message says what to look at."""
    text = plain(str(error))
    lowered = text.lower()
    if "certificate" in lowered or isinstance(error, ssl.SSLError):
        advice = "its certificate is not the one that the credentials name"
    elif "timed out" in lowered or "timeout" in lowered:
        advice = "it is too busy, or something between drops the connection"
    elif "name or service not known" in lowered or "name resolution" in lowered:
        advice = "its name cannot be found"
    else:
        advice = "is it running, and reachable from the agent?"
    return temporary(
        "platform_unavailable", f"The cluster's API server at {address} does not answer: {advice} ({text})"
    )


def no_access(error: Exception) -> TemporaryError:
    """Credentials could not even be read."""
    detail = plain(str(error)) if isinstance(error, ConfigException | OSError) else type(error).__name__
    return temporary(
        "platform_unauthorized", f"The agent has no usable credentials for the cluster: {detail}"
    )


def read_refusal(error: ApiException) -> Refusal:
    """What an error answer says, whether or not it is a Status object."""
    try:
        status = json.loads(error.body or "")
    except ValueError:
        status = None
    headers: Any = error.headers or {}
    after = str(headers.get("Retry-After") or "").strip()
    found = status if isinstance(status, dict) and status.get("kind") == "Status" else {}
    return Refusal(
        status=int(error.status or 0),
        message=plain(str(found.get("message") or error.body or error.reason or "no explanation")),
        reason=str(found.get("reason") or ""),
        retry_after=float(after) if after.isdecimal() else None,
    )


def status_refusal(status: Any) -> Refusal:
    """The Status object that a watch carries as an ERROR event."""
    found = status if isinstance(status, dict) else {}
    return Refusal(
        status=int(found.get("code") or 500),
        message=plain(str(found.get("message") or "no explanation")),
        reason=str(found.get("reason") or ""),
    )


def names_another(refusal: Refusal) -> bool:
    """Whether an apply was refused since the object of that name has another uid than the one applied; real
    API servers say so as a field that is invalid, not as a conflict."""
    return refusal.status == 422 and "metadata.uid" in refusal.message


def refused(refusal: Refusal, asked: str, address: str) -> DriverError:
    """The error for an answer that the caller did not expect. `asked`: such as "patch statefulsets"."""
    known = refusal_in(refusal.message)
    if known is not None:
        return known
    match refusal.status:
        case 401:
            return temporary(
                "platform_unauthorized",
                f"The API server at {address} does not take the agent's credentials: {refusal.message}",
            )
        case 403:
            return permanent(
                "platform_unauthorized", f"The cluster does not let the agent {asked}: {refusal.message}"
            )
        case 400 | 404 | 405 | 413 | 415 | 422:
            return permanent("platform_error", f"The cluster refused to {asked}: {refusal.message}")
        case 429 | 500 | 502 | 503 | 504:
            return temporary(
                "platform_unavailable",
                f"The cluster's API server at {address} is too busy or out of order: {refusal.message}",
            )
    return temporary("platform_error", f"The cluster refused to {asked}: {refusal.message}")


def refusal_in(text: str) -> DriverError | None:
    """What a refusal's text amounts to, where it says so by itself; else None. Controllers put the same texts
    into the events of what they could not create."""
    whole, text = plain(text, 4000), plain(text)
    if _WEBHOOK_SILENT.search(whole):
        return temporary("policy_refused", f"A policy of the cluster could not be asked: {text}")
    if _QUOTA.search(whole):
        return permanent("quota_exceeded", f"The namespace's quota does not allow it: {text}")
    if _POLICY.search(whole):
        return permanent("policy_refused", f"A policy of the cluster does not allow it: {text}")
    if found := _NO_NAMESPACE.search(whole):
        return temporary(
            "platform_unavailable",
            f"The namespace {found['name']} is gone from the cluster, and with it all that it held: {text}",
        )
    if found := _MISSING_RIGHT.search(whole):
        group = f" ({found['group']})" if found["group"] else ""
        return permanent(
            "platform_unauthorized",
            f"The agent's role in the cluster lacks `{found['verb']}` on `{found['resource']}`{group}"
            f"{found['where'] or ''}.",
        )
    return None


def plain(text: str, limit: int = 400) -> str:
    """One printable line, of bounded length."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
