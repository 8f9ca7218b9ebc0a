"""Controllers on DynamoDB."""

import functools
import operator
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.controllers import mapping
from chalicelib.controllers.maintenance_rules import Drain, Pause
from chalicelib.controllers.row_models import BackendRow, ControllerRow
from chalicelib.controllers.rules import Contact, Controller, HealthReport
from chalicelib.controllers.store import Change
from chalicelib.core.clock import epoch_millis
from chalicelib.core.dynamo import Check, Delete, Put, Update, write
from chalicelib.core.dynamo_rows import remove_partition
from chalicelib.core.errors import Conflict, DomainError, NotFound
from chalicelib.core.unit_of_work import Write
from chalicelib.protocol.agents import Health, Heartbeat
from chalicelib.quotas.service import Amount


class DynamoControllerStore:
    """`ControllerStore` on PynamoDB."""

    def get(self, tenant_id: str, controller_id: str, *, consistent: bool = False) -> Controller | None:
        try:
            return mapping.controller(ControllerRow.get(tenant_id, controller_id, consistent_read=consistent))
        except DoesNotExist:
            return None

    def all_of(self, tenant_id: str) -> list[Controller]:
        return [mapping.controller(row) for row in ControllerRow.query(tenant_id)]

    def page(
        self, tenant_id: str, limit: int, after: dict[str, Any] | None
    ) -> tuple[list[Controller], dict[str, Any] | None]:
        found = ControllerRow.query(tenant_id, limit=limit, last_evaluated_key=after)
        rows = [mapping.controller(row) for row in found]
        return rows, found.last_evaluated_key

    def from_image(self, image: Mapping[str, Any]) -> Controller:
        row = ControllerRow()
        row.deserialize(dict(image))
        return mapping.controller(row)

    def of_backend(self, tenant_id: str, backend_id: str) -> str | None:
        try:
            return BackendRow.get(tenant_id, backend_id, consistent_read=True).controller_id
        except DoesNotExist:
            return None

    def add(self, controller: Controller) -> list[Write]:
        row = ControllerRow(
            controller.tenant_id,
            controller.id,
            name=controller.name,
            platform=controller.platform,
            backend_id=controller.backend_id,
            created_at=epoch_millis(controller.created_at),
            labels=controller.labels or None,
            cordoned=controller.cordoned,
            session_limit=controller.session_limit,
            group_ids=list(controller.group_ids) or None,
        )
        backend = BackendRow(controller.tenant_id, controller.backend_id, controller_id=controller.id)
        return [
            write(Put(row, ControllerRow.controller_id.does_not_exist())),
            write(Put(backend, BackendRow.backend_id.does_not_exist())),
        ]

    def must_exist(self, controller: Controller) -> Write:
        here = ControllerRow.controller_id.exists()
        return write(Check(ControllerRow, controller.tenant_id, controller.id, here))

    def change(self, tenant_id: str, controller_id: str, change: Change) -> Write:
        actions: list[Action] = []
        if change.name is not None:
            actions.append(ControllerRow.name.set(change.name))
        if change.labels is not None:
            actions.append(ControllerRow.labels.set(change.labels))
        if change.cordoned is not None:
            actions.append(ControllerRow.cordoned.set(change.cordoned))
        if change.clear_session_limit:
            actions.append(ControllerRow.session_limit.remove())
        elif change.session_limit is not None:
            actions.append(ControllerRow.session_limit.set(change.session_limit))
        if change.group_ids is not None:
            column: Any = ControllerRow.group_ids
            actions.append(column.set(list(change.group_ids)) if change.group_ids else column.remove())
        return self._change(tenant_id, controller_id, actions)

    def set_drain(self, tenant_id: str, controller_id: str, drain: Drain | None) -> Write:
        column: Any = ControllerRow.drain
        action = column.remove() if drain is None else column.set(mapping.drain_out(drain))
        return self._change(tenant_id, controller_id, [action])

    def set_pause(self, tenant_id: str, controller_id: str, pause: Pause) -> Write:
        why: Any = ControllerRow.pause_reason
        actions = [
            ControllerRow.paused_until.set(epoch_millis(pause.until)),
            why.set(pause.reason) if pause.reason else why.remove(),
        ]
        return self._change(tenant_id, controller_id, actions)

    def still_drains(self, controller: Controller) -> Write:
        column: Any = ControllerRow.drain
        if controller.drain is None:
            raise ValueError("it is not drained")
        same = column == mapping.drain_out(controller.drain)
        return write(Check(ControllerRow, controller.tenant_id, controller.id, same))

    def heard(
        self,
        controller: Controller,
        heartbeat: Heartbeat,
        contact: Contact,
        health: HealthReport,
        *,
        claims_again: bool,
    ) -> Write:
        actions: list[Action] = [
            ControllerRow.seen_at.set(epoch_millis(contact.seen_at)),
            ControllerRow.interval.set(contact.interval),
            ControllerRow.report.set(mapping.report(heartbeat, health)),
        ]
        if controller.capacity is None or heartbeat.platform.state is Health.OK:
            # An agent that started while its platform is away reports zeros: no reason to forget.
            actions += [
                _column("capacity", name).set(getattr(heartbeat.capacity, name))
                for name in mapping.DIMENSIONS
            ]
        if claims_again:
            actions.append(ControllerRow.unclaimed_since.remove())
        return self._update(controller.tenant_id, controller.id, actions)

    def replace_queue(self, controller: Controller) -> Write:
        actions = (
            ControllerRow.queue_number.set(controller.queue_number + 1),
            ControllerRow.queues_from.set(ControllerRow.queues_from | controller.queue_number),
        )
        return self._with_queue(controller, actions)

    def queues_deleted(self, controller: Controller) -> Write:
        return self._with_queue(controller, (ControllerRow.queues_from.remove(),))

    def set_unclaimed(self, tenant_id: str, controller_id: str, since: datetime | None) -> Write:
        column = ControllerRow.unclaimed_since
        action = column.remove() if since is None else column.set(epoch_millis(since))
        return self._update(tenant_id, controller_id, [action])

    def book(self, controller: Controller, amount: Amount) -> Write:
        conditions = [
            ControllerRow.controller_id.exists(),
            ControllerRow.cordoned == False,  # noqa: E712
            ControllerRow.drain.does_not_exist(),
            _same_pause(controller.pause),
        ]
        for name, value in amount.items():
            if name == "sessions":
                conditions.append(_room_for_sessions(controller.session_limit, value))
            else:
                known = 0 if controller.capacity is None else getattr(controller.capacity, name)
                # DynamoDB compares but does not calculate: the sum is ours, and holds for this capacity only.
                conditions += [
                    _column("capacity", name) == known,
                    _column("booked", name) <= known - value,
                ]
        actions = tuple(_booking(amount, 1))
        return write(Update(ControllerRow(controller.tenant_id, controller.id), actions, _all(conditions)))

    def unbook(self, tenant_id: str, controller_id: str, amount: Amount) -> Write:
        return self._update(tenant_id, controller_id, _booking(amount, -1))

    def remove(self, controller: Controller) -> list[Write]:
        unused = _all([ControllerRow.controller_id.exists(), ControllerRow.booked_sessions <= 0])
        return [
            write(Delete(ControllerRow(controller.tenant_id, controller.id), unused), _in_use),
            write(Delete(BackendRow(controller.tenant_id, controller.backend_id))),
        ]

    def erase(self, tenant_id: str) -> bool:
        return remove_partition(BackendRow, tenant_id) and remove_partition(ControllerRow, tenant_id)

    def _change(self, tenant_id: str, controller_id: str, actions: Sequence[Action]) -> Write:
        """What an administrator asks for."""
        return self._update(
            tenant_id, controller_id, actions, lambda: NotFound.of("controller", controller_id)
        )

    @staticmethod
    def _with_queue(controller: Controller, actions: tuple[Action, ...]) -> Write:
        """Only while its queue is the one that `controller` says."""
        column, number = ControllerRow.queue_number, controller.queue_number
        same: Condition = column == number if number else column.does_not_exist()
        row = ControllerRow(controller.tenant_id, controller.id)
        return write(Update(row, actions, ControllerRow.controller_id.exists() & same))

    @staticmethod
    def _update(tenant_id: str, controller_id: str, actions: Sequence[Action], refused: Any = None) -> Write:
        row = ControllerRow(tenant_id, controller_id)
        return write(Update(row, tuple(actions), ControllerRow.controller_id.exists()), refused)


def _in_use() -> DomainError:
    return Conflict(
        "Sessions still run or sleep on this controller. Terminate them first; cordon it so that no new ones "
        "come.",
        code="controller_in_use",
    )


def _booking(amount: Amount, sign: int) -> list[Action]:
    """What takes up memory is one session that is awake from now on, or, returned, one that no longer is."""
    actions = [_column("booked", name).add(sign * value) for name, value in amount.items()]
    return [*actions, ControllerRow.awake.add(sign)] if amount.memory_bytes else actions


def _same_pause(pause: Pause | None) -> Condition:
    """A pause that was asked for meanwhile keeps new sessions away."""
    if pause is None:
        return ControllerRow.paused_until.does_not_exist()
    same: Condition = ControllerRow.paused_until == epoch_millis(pause.until)
    return same


def _room_for_sessions(limit: int | None, count: int) -> Condition:
    if limit is None:
        return ControllerRow.session_limit.does_not_exist()
    unchanged: Condition = ControllerRow.session_limit == limit
    return _all([unchanged, ControllerRow.booked_sessions <= limit - count])


def _column(prefix: str, name: str) -> Any:
    return getattr(ControllerRow, f"{prefix}_{name}")


def _all(conditions: Sequence[Condition]) -> Condition:
    return functools.reduce(operator.and_, conditions)
