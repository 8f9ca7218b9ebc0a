"""The composition root: builds every service once, registers routes, schedules and stream handlers.

Nothing is decided here. A handler calls one service function.
"""

import functools
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, Rate, WebsocketEvent

from chalicelib.api_keys import account_routes
from chalicelib.api_keys import routes as api_key_routes
from chalicelib.api_keys.accounts import ServiceAccountService
from chalicelib.api_keys.models import DynamoApiKeyStore
from chalicelib.api_keys.service import ApiKeyService
from chalicelib.audit import routes as audit_routes
from chalicelib.audit.models import DynamoAuditStore, entry_of
from chalicelib.audit.service import AuditService
from chalicelib.catalog import routes as catalog_routes
from chalicelib.catalog.models import DynamoTemplateStore
from chalicelib.catalog.service import CatalogService
from chalicelib.controllers import agent_routes, maintenance_routes
from chalicelib.controllers import routes as controller_routes
from chalicelib.controllers.agent_models import DynamoAgentStore
from chalicelib.controllers.dead_letters import DeadLetterService, DeadQueues
from chalicelib.controllers.key_rotation import KeyRotationService
from chalicelib.controllers.maintenance import MaintenanceService
from chalicelib.controllers.models import DynamoControllerStore
from chalicelib.controllers.queues import Queues
from chalicelib.controllers.service import AgentService, ControllerService, EnrollmentService
from chalicelib.controllers.serving import ServingService
from chalicelib.core.api import Api, Operation
from chalicelib.core.caller import Incoming
from chalicelib.core.clock import utc_now
from chalicelib.core.config import config
from chalicelib.core.dynamo import DynamoUnitOfWork, table
from chalicelib.core.dynamo_reads import DynamoReads
from chalicelib.core.objects import ObjectStore
from chalicelib.events import routes as event_routes
from chalicelib.events import sources as event_sources
from chalicelib.events.connection_models import DynamoConnectionStore
from chalicelib.events.models import DynamoEventStore
from chalicelib.events.push import Pusher
from chalicelib.events.service import EventService, SocketService, Viewers
from chalicelib.identity import link_routes, me_routes
from chalicelib.identity import routes as identity_routes
from chalicelib.identity.account import AccountService
from chalicelib.identity.attempt_models import DynamoAttemptStore
from chalicelib.identity.attempts import Attempts
from chalicelib.identity.cookies import RefreshCookie
from chalicelib.identity.link_models import DynamoLinkStore
from chalicelib.identity.models import DynamoPersonStore
from chalicelib.identity.names import names_of
from chalicelib.identity.recovery import RecoveryService
from chalicelib.identity.service import IdentityService, User
from chalicelib.identity.sign_in_models import DynamoSignInStore
from chalicelib.identity.sign_up import SignUpService
from chalicelib.identity.signing_in import SignInService
from chalicelib.mail.models import DynamoMailStore
from chalicelib.mail.ports import port as mail_port
from chalicelib.mail.service import MailService
from chalicelib.meta import routes as meta_routes
from chalicelib.migration import routes as migration_routes
from chalicelib.migration.service import MigrationService
from chalicelib.offboarding import deleting
from chalicelib.offboarding import routes as offboarding_routes
from chalicelib.offboarding.deleting import Deleting
from chalicelib.offboarding.exporting import Exporting
from chalicelib.offboarding.models import DynamoJobStore
from chalicelib.offboarding.service import OffboardingService
from chalicelib.offboarding.store import Capability
from chalicelib.offboarding.working import Worker
from chalicelib.people import group_routes, invitation_routes
from chalicelib.people import routes as people_routes
from chalicelib.people.models import DynamoGroupStore, DynamoInvitationStore
from chalicelib.people.service import GroupService, InvitationService, PeopleService
from chalicelib.quotas import routes as quota_routes
from chalicelib.quotas.models import DynamoQuotaStore
from chalicelib.quotas.service import QuotaService
from chalicelib.sessions import agent_routes as session_agent_routes
from chalicelib.sessions import dead_letter_routes
from chalicelib.sessions import routes as session_routes
from chalicelib.sessions.dead_letters import DeadLetters
from chalicelib.sessions.keys import DynamoKeyStore, DynamoSuspectStore
from chalicelib.sessions.models import DynamoSessionStore
from chalicelib.sessions.resending import Resending
from chalicelib.sessions.service import SessionService
from chalicelib.streams import routes as stream_routes
from chalicelib.streams.service import RelayService, StreamService
from chalicelib.tenancy import routes as tenancy_routes
from chalicelib.tenancy.models import DynamoTenantStore
from chalicelib.tenancy.service import TenancyService

app = Chalice(app_name="streamspace")
app.api.binary_types = []
app.experimental_feature_flags.add("WEBSOCKETS")


def stream_of(name: str) -> str:
    """A table's stream. Its label is known once the table exists: the deployment's template puts it in."""
    return f"arn:aws:dynamodb:{settings.region}:000000000000:table/{table(name)}/stream/label"


def shut_out(tenant_id: str) -> None:
    """Whoever of the tenant follows events asks for it anew, if they still may."""
    sockets.close_all(tenant_id)


settings = config()
timings = settings.timings
uow = DynamoUnitOfWork(entry=entry_of)

tenancy = TenancyService(DynamoTenantStore(), uow, utc_now, on_narrowed=shut_out)
mail = MailService(DynamoMailStore(), mail_port(settings), uow, utc_now, settings.mail_from)
identity = IdentityService(
    DynamoPersonStore(), DynamoSignInStore(), tenancy, DynamoReads(), uow, utc_now, timings
)
attempts = Attempts(DynamoAttemptStore(), uow, utc_now)
sign_ins = SignInService(identity, attempts, uow, utc_now)
account = AccountService(identity, attempts)
recovery = RecoveryService(identity, attempts, mail, uow, utc_now, settings.public_url)
mail.register("password_reset", recovery.compose)
refresh_cookie = RefreshCookie(settings.secure_cookies, int(timings.refresh_token), settings.origin)
objects = ObjectStore(settings)
audit = AuditService(
    DynamoAuditStore(), functools.partial(names_of, DynamoPersonStore()), objects, uow, utc_now
)
groups = GroupService(DynamoGroupStore(), identity, uow, utc_now)
invitations = InvitationService(
    DynamoInvitationStore(), identity, groups, tenancy, mail, uow, utc_now, settings.public_url
)
mail.register("invitation", invitations.compose)
api_keys = ApiKeyService(DynamoApiKeyStore(), identity, tenancy, uow, utc_now)
quotas = QuotaService(
    DynamoQuotaStore(),
    uow,
    tenancy,
    group_names=groups.names,
    is_user=lambda tenant_id, user_id: identity.people.get(tenant_id, user_id) is not None,
)
catalog = CatalogService(DynamoTemplateStore(), groups, tenancy, uow, utc_now, settings.image_tag)
sign_up = SignUpService(
    identity,
    attempts,
    DynamoLinkStore(),
    mail,
    uow,
    utc_now,
    settings.public_url,
    open=settings.sign_up,
    furnish=catalog.starters,
)
mail.register("sign_up", sign_up.compose)

queues = Queues(settings)
agent_store, controller_store = DynamoAgentStore(), DynamoControllerStore()
agents = AgentService(agent_store, controller_store, queues, uow, utc_now, settings)
controllers = ControllerService(controller_store, agents, groups, queues, uow, utc_now, timings)
enrollment = EnrollmentService(
    agent_store,
    controller_store,
    agents,
    groups,
    tenancy,
    queues,
    uow,
    utc_now,
    settings,
    may_add=lambda tenant_id, user_id: identity.may(tenant_id, user_id, "controllers:write"),
)
relays = RelayService(utc_now, settings)

sessions = SessionService(
    DynamoSessionStore(),
    DynamoKeyStore(),
    DynamoSuspectStore(),
    catalog,
    tenancy,
    quotas,
    controllers,
    agents,
    groups.of_user,
    uow,
    utc_now,
    timings,
)
dead_letters = DeadLetterService(DeadQueues(queues), controller_store, agents)
serving = ServingService(controllers, Resending(sessions.ledger).resend)
maintenance = MaintenanceService(controllers, sessions.drains.drive, sessions.drains.reopened)
streams = StreamService(sessions, controllers, utc_now, settings)
migration = MigrationService(catalog, sessions, identity.people.every, utc_now)

connection_store, pusher = DynamoConnectionStore(), Pusher(settings)
viewers = Viewers(identity, api_keys)
events = EventService(DynamoEventStore(), connection_store, viewers, pusher, tenancy, uow, utc_now, settings)
sockets = SocketService(connection_store, events.greeting, viewers, pusher, uow, utc_now, settings)


def depart(tenant_id: str, user_id: str, *, actor: str, delete_homes: bool) -> None:
    """Somebody has left: their keys end, their limits, and what they run."""
    api_keys.end_all(tenant_id, user_id)
    quotas.forget_user(tenant_id, user_id)
    sessions.end_of_user(tenant_id, user_id, actor=actor, delete_homes=delete_homes)


people = PeopleService(identity, uow, sockets.close_of, sessions.rest_of_user, depart)

leaving: list[Capability] = [
    events,
    sessions,
    controllers,
    catalog,
    quotas,
    api_keys,
    invitations,
    groups,
    identity,
    mail,
    audit,
]
job_store = DynamoJobStore()
offboarding = OffboardingService(job_store, tenancy, account, objects, uow, utc_now)
exporting = Exporting([tenancy, *reversed(leaving)], tenancy, objects, utc_now)
deletion = Deleting(
    leaving,
    job_store,
    tenancy,
    sessions,
    controllers,
    sockets,
    mail,
    objects,
    uow,
    utc_now,
    timings,
)
departures = Worker(job_store, uow, utc_now, timings, lambda job: deletion if job.is_deletion else exporting)
mail.register(deleting.MAIL, deleting.compose)
controller_changes = event_sources.controllers(controllers)
session_changes = event_sources.sessions(sessions)


def authenticate(incoming: Incoming) -> User:
    """Somebody by an API key or by a sign-in, whichever they show."""
    shown = api_keys if api_keys.is_meant(incoming) else identity
    return shown.authenticate(incoming)


def operations() -> list[Operation]:
    return [operation for api in apis for operation in api.operations]


apis: list[Api[Any]] = [
    identity_routes.build_public(sign_ins, refresh_cookie),
    link_routes.build(sign_up, recovery, refresh_cookie),
    me_routes.build(identity, account, authenticate),
    invitation_routes.build_public(invitations, refresh_cookie),
    tenancy_routes.build(tenancy, authenticate),
    audit_routes.build(audit, authenticate, operations),
    people_routes.build(people, authenticate),
    invitation_routes.build(invitations, authenticate),
    group_routes.build(groups, authenticate),
    api_key_routes.build(api_keys, authenticate),
    account_routes.build(ServiceAccountService(identity, groups, uow), authenticate),
    quota_routes.build(quotas, authenticate),
    catalog_routes.build(catalog, authenticate),
    controller_routes.build(controllers, enrollment, authenticate),
    maintenance_routes.build(maintenance, authenticate),
    controller_routes.build_enrollment(enrollment),
    controller_routes.build_agent(agents, relay_access=relays.access, on_heartbeat=sessions.activity.heard),
    agent_routes.build(serving, authenticate),
    agent_routes.build_signed(KeyRotationService(agents), dead_letters, agents.authenticate),
    migration_routes.build(migration, authenticate),
    session_routes.build(sessions, authenticate),
    dead_letter_routes.build(DeadLetters(dead_letters, sessions.ledger), authenticate),
    session_agent_routes.build(sessions, agents.authenticate),
    stream_routes.build(streams, authenticate),
    stream_routes.build_public(),
    event_routes.build(events, authenticate, settings.events_url),
    offboarding_routes.build(offboarding, authenticate),
]
apis.append(meta_routes.build(operations))
for api in apis:
    api.record = audit.record
    app.register_blueprint(api.blueprint)


@app.on_ws_connect()
def event_socket_opened(event: WebsocketEvent) -> None:
    sockets.connect(event.connection_id, f"https://{event.domain_name}/{event.stage}")


@app.on_ws_message()
def event_socket_said(event: WebsocketEvent) -> None:
    sockets.message(event.connection_id, event.body)


@app.on_ws_disconnect()
def event_socket_closed(event: WebsocketEvent) -> None:
    sockets.disconnect(event.connection_id)


@app.schedule(Rate(1, unit=Rate.MINUTES))
def close_silent_event_sockets(_event: CloudWatchEvent) -> None:
    sockets.sweep()


@app.on_dynamodb_record(stream_of("controllers"), starting_position="TRIM_HORIZON")
def controllers_changed(event: DynamoDBEvent) -> None:
    events.record(controller_changes, event.to_dict()["Records"])


@app.on_dynamodb_record(stream_of("sessions"), starting_position="TRIM_HORIZON")
def sessions_changed(event: DynamoDBEvent) -> None:
    events.record(session_changes, event.to_dict()["Records"])


@app.on_dynamodb_record(stream_of("audit"), starting_position="TRIM_HORIZON")
def audit_changed(event: DynamoDBEvent) -> None:
    audit.seal_changed(event.to_dict()["Records"])


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_audit(_event: CloudWatchEvent) -> None:
    audit.sweep()


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_sessions(_event: CloudWatchEvent) -> None:
    sessions.sweep()


@app.on_dynamodb_record(stream_of("mail-requests"), starting_position="TRIM_HORIZON")
def mail_requested(event: DynamoDBEvent) -> None:
    mail.deliver(event.to_dict()["Records"])


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_mail(_event: CloudWatchEvent) -> None:
    mail.sweep()


@app.on_dynamodb_record(stream_of("offboarding-jobs"), starting_position="TRIM_HORIZON")
def departures_changed(event: DynamoDBEvent) -> None:
    departures.changed(event.to_dict()["Records"])


@app.schedule(Rate(1, unit=Rate.MINUTES))
def sweep_departures(_event: CloudWatchEvent) -> None:
    departures.sweep()
