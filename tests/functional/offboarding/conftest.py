"""Jobs that are carried out here and now, with the times that a test can wait for."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.core.clock import utc_now
from tests.functional.conftest import PASSWORD
from tests.support.lambda_client import LambdaClient


@dataclass
class Clock:
    """Real time and what a test adds to it."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def forward(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class Works:
    """The worker of the composition root on a clock of its own."""

    app: Any
    clock: Clock
    worker: Any

    def sweep(self) -> None:
        self.worker.sweep()

    def finish(self, tenant_id: str, job_id: str) -> Any:
        """Sweep until the job is over or gone; how it is then."""
        for _ in range(200):
            job = self.app.job_store.get(tenant_id, job_id)
            if job is None or not job.running:
                return job
            wait = (job.due_at - self.clock()).total_seconds()
            self.clock.forward(max(0.0, wait) + 0.01)
            self.worker.advance(tenant_id, job_id)
        raise AssertionError(f"{job_id} does not end: {job}")


@pytest.fixture
def works(control_plane: Any) -> Works:
    clock = Clock()
    exporting = replace(control_plane.exporting, clock=clock)
    deletion = replace(control_plane.deletion, clock=clock)
    worker = replace(
        control_plane.departures,
        clock=clock,
        work_of=lambda job: deletion if job.is_deletion else exporting,
    )
    return Works(control_plane, clock, worker)


@pytest.fixture
def owner(control_plane: Any, client: LambdaClient, tenant: Any) -> str:
    """An owner's access token."""
    from chalicelib.identity.service import Role

    email = f"owner@{tenant.slug}.example"
    control_plane.identity.create_user(tenant.id, email, "Olivia", PASSWORD, Role.OWNER)
    answer = client("POST", "/v1/auth/login", {"email": email, "password": PASSWORD})
    assert answer.status == 200, answer.text
    token: str = answer.json["access_token"]
    return token
