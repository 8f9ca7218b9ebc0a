"""Chains to take apart."""

from collections.abc import Sequence
from pathlib import Path

from chalicelib.audit.rules import Entry, Head, Outcome, Sealed, Target, chain

TENANT = "ten-01jd000000000000000000000t"


def entry(number: int, tenant_id: str = TENANT, **changes: object) -> Entry:
    held: dict[str, object] = {
        "tenant_id": tenant_id,
        "id": f"aud-01kq4m3c2r{number:016d}",
        "action": "user.invite",
        "actor": "usr-01jd000000000000000000000a",
        "actor_name": "Zoë “Z” Ó Néill\t🚀",
        "via": "sign-in:sgn-01jd000000000000000000000s",
        "target": Target("user", f"usr-{number:026d}", "new@example.com"),
        "source_ip": "203.0.113.9",
        "user_agent": 'Mozilla/5.0 \\ "quoted"',
        "request_id": "req-1",
        "facts": {"role": "admin", "note": "a\u2028b\x7f\x1f"},
        **changes,
    }
    return Entry(**held)  # type: ignore[arg-type]


def entries(count: int) -> list[Sealed]:
    refused = {3: {"outcome": Outcome.REFUSED, "code": "forbidden", "target": None, "facts": {}}}
    return chain(Head(), [entry(number, **refused.get(number, {})) for number in range(1, count + 1)])


def lines(sealed: Sequence[Sealed]) -> list[bytes]:
    return [f"{each.line}\n".encode() for each in sealed]


def write(folder: Path, content: bytes, name: str = "audit.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
