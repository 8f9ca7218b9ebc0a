"""The composition root: builds every service once, registers routes, schedules and stream handlers.

Nothing is decided here. A handler calls one service function.
"""

from typing import Any

from chalice.app import Chalice

from chalicelib.catalog import routes as catalog_routes
from chalicelib.catalog.models import DynamoTemplateStore
from chalicelib.catalog.service import CatalogService
from chalicelib.controllers import routes as controller_routes
from chalicelib.controllers.agent_models import DynamoAgentStore
from chalicelib.controllers.models import DynamoControllerStore
from chalicelib.controllers.queues import Queues
from chalicelib.controllers.service import AgentService, ControllerService, EnrollmentService
from chalicelib.core.api import Api
from chalicelib.core.clock import utc_now
from chalicelib.core.config import config
from chalicelib.core.dynamo import DynamoUnitOfWork
from chalicelib.identity import routes as identity_routes
from chalicelib.identity.models import DynamoAttemptStore, DynamoFamilyStore, DynamoPersonStore
from chalicelib.identity.service import IdentityService
from chalicelib.meta import routes as meta_routes
from chalicelib.quotas import routes as quota_routes
from chalicelib.quotas.models import DynamoQuotaStore
from chalicelib.quotas.service import QuotaService
from chalicelib.streams import routes as stream_routes
from chalicelib.streams.service import RelayService
from chalicelib.tenancy.models import DynamoTenantStore
from chalicelib.tenancy.service import TenancyService

app = Chalice(app_name="streamspace")
app.api.binary_types = []

settings = config()
timings = settings.timings
uow = DynamoUnitOfWork()

tenancy = TenancyService(DynamoTenantStore(), uow, utc_now)
identity = IdentityService(
    DynamoPersonStore(), DynamoFamilyStore(), DynamoAttemptStore(), tenancy, uow, utc_now, timings
)
quotas = QuotaService(DynamoQuotaStore(), uow)
catalog = CatalogService(DynamoTemplateStore(), uow, utc_now)

queues = Queues(settings)
agent_store, controller_store = DynamoAgentStore(), DynamoControllerStore()
agents = AgentService(agent_store, controller_store, queues, uow, utc_now, settings)
controllers = ControllerService(controller_store, agents, queues, uow, utc_now, timings)
enrollment = EnrollmentService(agent_store, controller_store, agents, queues, uow, utc_now, settings)
relays = RelayService(utc_now, settings)

apis: list[Api[Any]] = [
    identity_routes.build_public(
        identity, secure_cookies=settings.secure_cookies, cookie_lifetime=int(timings.refresh_token)
    ),
    identity_routes.build(identity, identity.authenticate),
    quota_routes.build(quotas, identity.authenticate),
    catalog_routes.build(catalog, identity.authenticate),
    controller_routes.build(controllers, enrollment, identity.authenticate),
    controller_routes.build_enrollment(enrollment),
    controller_routes.build_agent(
        agents, relay_access=relays.access, on_heartbeat=lambda caller, heartbeat: None
    ),
    stream_routes.build_public(),
]
apis.append(meta_routes.build(lambda: [operation for api in apis for operation in api.operations]))
for api in apis:
    app.register_blueprint(api.blueprint)
