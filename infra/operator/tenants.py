"""The commands. Each is one use case, under an audit trail of its own."""

import secrets
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

import app
from chalicelib.core import trail
from chalicelib.core.errors import Invalid, NotFound
from chalicelib.core.trail import Trail
from chalicelib.identity import passwords
from chalicelib.identity.service import Role
from chalicelib.mail.service import check_address
from chalicelib.tenancy.service import Tenant

ACTOR = "operator"
_VIA = "command"


def list(_options: Namespace) -> None:  # noqa: A001 - the command's name
    found = sorted(app.tenancy.every(), key=lambda each: each.slug)
    width = max((len(each.slug) for each in found), default=0)
    for each in found:
        print(f"{each.slug:{width}}  {each.state:9}  {each.plan:10}  {each.created_at:%Y-%m-%d}  {each.name}")
    print(f"{len(found)} tenant{'' if len(found) == 1 else 's'}")


def show(options: Namespace) -> None:
    tenant = _tenant(options.slug)
    because = f" ({tenant.suspended_reason})" if tenant.suspended_reason else ""
    lines = {
        "id": tenant.id,
        "name": tenant.name,
        "state": f"{tenant.state}{because}",
        "created": f"{tenant.created_at:%Y-%m-%d %H:%M} UTC",
        "plan": tenant.plan,
        "limits": ", ".join(f"{name} {_most(value)}" for name, value in vars(tenant.limits).items()),
        "images": ", ".join(tenant.allowed_images) or "none",
        "addresses": ", ".join(tenant.settings.ip_allow_list) or "any",
        "controllers": str(len(app.controllers.candidates(tenant.id))),
    }
    job = app.job_store.get(tenant.id, "deletion")
    if job is not None:
        lines["deletion"] = f"{job.place['phase']}, asked for at {job.created_at:%Y-%m-%d %H:%M} UTC"
        lines["trouble"] = job.reason or "none"
    for name, value in lines.items():
        print(f"{name:12} {value}")


def create(options: Namespace) -> None:
    with _trail("tenant.create"):
        images = tuple(options.image or ("streamspace/*",))
        tenant, writes = app.tenancy.add(options.slug, options.name, allowed_images=images, plan=options.plan)
        password = secrets.token_urlsafe(15)
        hashed = passwords.hash_password(password)
        address = check_address(options.owner)
        person, more = app.identity.add_person(tenant.id, address, "Owner", hashed, Role.OWNER)
        trail.identify(tenant.id, ACTOR, _VIA)
        trail.about("tenant", tenant.id, tenant.name)
        trail.note(plan=tenant.plan, owner=person.email)
        app.uow.commit([*writes, *more, *app.catalog.starters(tenant.id)])
    print(f"{tenant.slug} was made ({tenant.id}), on the plan {tenant.plan}.")
    print(f"Its owner signs in as {person.email} with the password {password}")
    print("The password is shown this once; it should be changed.")


def plan(options: Namespace) -> None:
    tenant = _tenant(options.slug)
    with _trail("tenant.plan", tenant):
        trail.note(plan=options.plan)
        app.tenancy.set_plan(tenant.id, options.plan)
    print(f"{tenant.slug} is on the plan {options.plan} now.")


def suspend(options: Namespace) -> None:
    tenant = _tenant(options.slug)
    with _trail("tenant.suspend", tenant):
        trail.note(reason=options.reason, end_sessions=options.end_sessions)
        app.tenancy.suspend(tenant.id, options.reason)
    print(f"{tenant.slug} is suspended: sign-ins, keys and enrolments are refused from the next request on.")
    if not options.end_sessions:
        print("Sessions that run go on; `--end-sessions` ends them.")
        return
    left = app.sessions.end_all(tenant.id, ACTOR, delete_homes=False)
    while left and left != (now := app.sessions.end_all(tenant.id, ACTOR, delete_homes=False)):
        left = now
    print(f"Its sessions end; {left} wait for their agents." if left else "It has no sessions any more.")


def resume(options: Namespace) -> None:
    tenant = _tenant(options.slug)
    with _trail("tenant.resume", tenant):
        app.tenancy.resume(tenant.id)
    print(f"{tenant.slug} is active: everybody may sign in again, and keys work as before.")


def delete(options: Namespace) -> None:
    tenant = _tenant(options.slug)
    if options.confirm != tenant.slug:
        raise Invalid.field("--confirm", f"Give {tenant.slug} once more to say that this is what you mean.")
    with _trail("tenant.delete", tenant):
        app.offboarding.begin_deletion(tenant.id, by=ACTOR)
    print(f"{tenant.slug} is being deleted. `tenants show {tenant.slug}` says how far that is.")


def _tenant(slug: str) -> Tenant:
    tenant = app.tenancy.find(slug)
    if tenant is None:
        raise NotFound(f"There is no tenant {slug}.")
    return tenant


def _most(limit: int | None) -> str:
    return "unlimited" if limit is None else str(limit)


@contextmanager
def _trail(action: str, tenant: Tenant | None = None) -> Iterator[None]:
    """What is committed inside takes an entry along; what changes nothing leaves one all the same."""
    began = Trail(action, actor=ACTOR, via=_VIA, user_agent="infra.operator")
    if tenant is not None:
        began.tenant_id = tenant.id
        began.target_type, began.target_id, began.target_name = "tenant", tenant.id, tenant.name
    with trail.opened(began):
        yield
    if began.pending:
        app.audit.record(began, None)
