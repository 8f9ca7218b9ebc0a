"""Rules broken on purpose, one at a time: what the simulation must notice.

Each names the invariant that is expected to notice it, by words of what is then said. Left out on purpose are
faults that the design heals in a second way, so that nobody can tell them from bad luck: a reference that is
not sent (the sweeper and the inventory send it), a result that is not on disk (the lease runs out, and the
work is found done), a message that is not deleted (its claim is refused).
"""

from dataclasses import dataclass

_LANE = "chalicelib/commands/rules.py"
_STATES = "chalicelib/sessions/rules.py"
_ROWS = "chalicelib/sessions/models.py"
_LEDGER = "chalicelib/sessions/ledger.py"
_OUTCOMES = "chalicelib/sessions/outcomes.py"
_LIFECYCLE = "chalicelib/sessions/lifecycle.py"
_REPORTS = "chalicelib/sessions/reports.py"
_COMPARING = "chalicelib/sessions/comparing.py"
_ATTENDING = "chalicelib/sessions/attending.py"
_CONTROLLERS = "chalicelib/controllers/models.py"
_COUNTERS = "chalicelib/quotas/counters.py"


@dataclass(frozen=True)
class Mutation:
    """`before` occurs once in the file and becomes `after`. `seen_as`: a pattern of what is then said."""

    name: str
    file: str
    before: str
    after: str
    seen_as: str


MUTATIONS = (
    # Claims, leases, fences
    Mutation(
        "a lease is taken over while it lasts",
        _LANE,
        "return rebooted or now >= holder.lease_until",
        "return True",
        "was claimed while|rose without a claim",
    ),
    Mutation(
        "the same boot takes its own lease over",
        _LANE,
        "claimant.epoch > holder.epoch",
        "claimant.epoch >= holder.epoch",
        "was claimed while|rose without a claim",
    ),
    Mutation(
        "a claim leaves the fence as it is",
        _LANE,
        "fence=lane.fence + 1,",
        "fence=max(1, lane.fence),",
        "did not raise the fence|given out twice",
    ),
    Mutation(
        "a superseded command can be claimed",
        _LANE,
        "lane.open.number != number:\n        raise _over(lane, number)\n    if lane.open.deadline",
        "lane.open.number < 0:\n        raise _over(lane, number)\n    if lane.open.deadline",
        "which was not open",
    ),
    Mutation(
        "a renewal is granted and not kept",
        _LANE,
        "return replace(lane, holder=replace(holder, lease_until=now + timedelta(seconds=lease)))",
        "return lane",
        "changes nothing|past its lease|was claimed while",
    ),
    Mutation(
        "results are taken under any fence",
        _LANE,
        "if lane.holder is None or lane.holder.number != number or fence != lane.fence:",
        "if lane.holder is None or lane.holder.number != number:",
        "was believed|finished what",
    ),
    Mutation(
        "a superseded command's result counts",
        _LANE,
        "current = lane.open is not None and lane.open.number == number",
        "current = lane.open is not None",
        "without a holder of the open command|withdrawn|ended",
    ),
    Mutation(
        "finished commands are not remembered",
        _LANE,
        "done = (number, *lane.done)[:_REMEMBERED]",
        "done = lane.done",
        "is not the first result",
    ),
    Mutation(
        "command numbers are used again",
        _LANE,
        "number = lane.issued + 1\n",
        "number = max(1, lane.issued)\n",
        "open again after it ended|is not the first result|leapt",
    ),
    Mutation(
        "a deadline for terminating",
        "chalicelib/commands/service.py",
        "bounded = kind is not CommandKind.TERMINATE",
        "bounded = True",
        "has a deadline|stuck",
    ),
    # States and what they hold
    Mutation(
        "what is asleep holds its CPU",
        _STATES,
        "_S.HIBERNATED: Held.PARKED,",
        "_S.HIBERNATED: Held.FULL,",
        "holds",
    ),
    Mutation(
        "what runs holds nothing",
        _STATES,
        "_S.RUNNING: Held.FULL,",
        "_S.RUNNING: Held.PARKED,",
        "holds",
    ),
    Mutation(
        "a hibernation that failed counts as done",
        _STATES,
        "_C.NOT_HIBERNATED: _S.RUNNING,",
        "_C.NOT_HIBERNATED: _S.HIBERNATED,",
        "stuck|runs",
    ),
    Mutation(
        "what terminated may wake up",
        _STATES,
        "_S.TERMINATED: {},",
        "_S.TERMINATED: {_C.WAKE_REQUESTED: _S.WAKING},",
        "a terminated session became",
    ),
    # One unit of work
    Mutation(
        "a change is made of an old reading",
        _ROWS,
        "SessionRow.revision == before.revision",
        "SessionRow.session_id.exists()",
        "the timeline goes on from|books|leapt|fell|not the first",
    ),
    Mutation(
        "the revision stays",
        _LEDGER,
        "before.revision + 1,",
        "before.revision,",
        "changed under revision|is not next",
    ),
    Mutation(
        "nothing is told",
        _LEDGER,
        "*self.store.append(after, change.entries),",
        "*self.store.append(after, ()),",
        "the timeline",
    ),
    Mutation(
        "nothing is booked with the controller",
        _LEDGER,
        "writes.append(self.controllers.book(controller, grown))",
        "pass",
        "the books of|counts",
    ),
    Mutation(
        "nothing is returned to the controller",
        _LEDGER,
        "writes.append(self.controllers.unbook(session.tenant_id, session.controller_id, shrunk))",
        "pass",
        "the books of|counts",
    ),
    Mutation(
        "who moves away goes on holding",
        _LEDGER,
        "writes.extend(self._capacity(before, held, Amount(), None))",
        "pass",
        "the books of|counts",
    ),
    Mutation(
        "a controller books more than it has",
        _CONTROLLERS,
        '_column("booked", name) <= known - value,',
        '_column("capacity", name).exists(),',
        "booked of",
    ),
    Mutation(
        "what wakes up is not counted",
        _CONTROLLERS,
        "[*actions, ControllerRow.awake.add(sign)]",
        "[*actions, ControllerRow.awake.add(max(0, sign))]",
        "counts|the books of",
    ),
    Mutation(
        "quotas are not given back",
        _COUNTERS,
        "return _count(entry, amount, -1), [inside]",
        "return _count(entry, amount, 0), [inside]",
        "the books of",
    ),
    Mutation(
        "an idempotency key is not remembered",
        "chalicelib/sessions/creation.py",
        "if key is not None:\n            request",
        "if False:\n            request",
        "not remembered|taken twice",
    ),
    Mutation(
        "an idempotency key can be taken twice",
        "chalicelib/sessions/keys.py",
        "write(Put(row, RequestKeyRow.key.does_not_exist()))",
        "write(Put(row))",
        "not remembered|taken twice",
    ),
    # What people ask for
    Mutation(
        "ended at once, whoever works on it",
        _LIFECYCLE,
        "gone = session.lane.never_claimed\n",
        "gone = True\n",
        "terminated|stuck|home",
    ),
    Mutation(
        "ended, and its command left open",
        _LIFECYCLE,
        "self.ledger.commit(over.withdrawn())",
        "self.ledger.commit(over)",
        "stuck|terminated",
    ),
    Mutation(
        "what failed wakes as the same incarnation",
        _LIFECYCLE,
        "anew = session.state is State.FAILED or controller_id != session.controller_id",
        "anew = False",
        "incarnation|still there|asked to wake",
    ),
    # Results
    Mutation(
        "what an agent hands back is left lying",
        _OUTCOMES,
        "return Settled(change.command_again(issue, now, opened.deadline))",
        "return Settled(change)",
        "stuck",
    ),
    Mutation(
        "removing is tried once",
        _OUTCOMES,
        "again = change.also(reason=reason, updated_at=now).command_again(issue, now, None)",
        "again = change.also(reason=reason, updated_at=now)",
        "stuck",
    ),
    Mutation(
        "a hibernation that failed is still wanted",
        _OUTCOMES,
        "reason=reason, desired=Desired.RUNNING)",
        "reason=reason)",
        "stuck",
    ),
    # Reports and inventories
    Mutation(
        "endings are believed under any fence",
        _REPORTS,
        "check_fence(session.lane, report.fence)\n        if",
        "if",
        "was believed|though its instance runs",
    ),
    Mutation(
        "an inventory judges what changed since it began",
        _COMPARING,
        "return settled and not session.changed_since(moment)",
        "return settled",
        "though its instance runs|stuck",
    ),
    Mutation(
        "an inventory counts from its arrival",
        "chalicelib/sessions/inventory.py",
        "began = min(report.started_at, self.ledger.clock())",
        "began = self.ledger.clock()",
        "though its instance runs",
    ),
    Mutation(
        "any incarnation will do",
        _COMPARING,
        "and session.incarnation == facts.incarnation",
        "and session.incarnation >= facts.incarnation",
        "is still there",
    ),
    Mutation(
        "what is left of a failed session stays",
        _COMPARING,
        "_KEEPING = frozenset({State.RUNNING, State.HIBERNATED})",
        "_KEEPING = frozenset({State.RUNNING, State.HIBERNATED, State.FAILED})",
        "is still there",
    ),
    Mutation(
        "homes go with what ended, asked or not",
        _COMPARING,
        "if session is None or session_id in instances or not session.delete_home:",
        "if session is None or session_id in instances:",
        "home",
    ),
    Mutation(
        "homes go with any instance that is too many",
        _COMPARING,
        "wipe = session.delete_home and session.state is State.TERMINATED",
        "wipe = True",
        "home",
    ),
    # The sweeper
    Mutation(
        "what has begun is moved",
        "chalicelib/sessions/sweeper.py",
        "return session.state is State.STARTING and session.lane.never_claimed",
        "return session.state is State.STARTING",
        "twice|still there|stuck|lease|home",
    ),
    Mutation(
        "deadlines pass unseen",
        _ATTENDING,
        "if overdue(session.lane, now):\n        return Task.EXPIRE",
        "if overdue(session.lane, now):\n        return Task.NOTHING",
        "stuck",
    ),
    Mutation(
        "what ran out of time stays asked for",
        _ATTENDING,
        "change = change.withdrawn()\n    if session.state in STAGED",
        "if session.state in STAGED",
        "stuck|open",
    ),
    # Boots
    Mutation(
        "two boots share an epoch",
        "chalicelib/controllers/agent_models.py",
        "return write(Update(_row(agent), actions, AgentRow.epoch == agent.epoch))\n\n    def heard",
        "return write(Update(_row(agent), actions, AgentRow.place.exists()))\n\n    def heard",
        "two boots",
    ),
    # Agents
    Mutation(
        "an agent works on past its lease",
        "agent/worker/lease.py",
        "if self._why is None and self._monotonic() >= self._until:",
        "if self._why is None and self._monotonic() >= self._until + 90:",
        "past its lease",
    ),
    Mutation(
        "steps are not asked for",
        "agent/worker/steps.py",
        "        self._lease.check()\n",
        "",
        "past its lease|without a command",
    ),
    Mutation(
        "a lease is counted from its answer, twice as long",
        "agent/worker/lease.py",
        "self._until = max(self._until, asked_at + seconds - self._margin)",
        "self._until = max(self._until, self._monotonic() + 2 * seconds)",
        "past its lease",
    ),
    Mutation(
        "one session's commands overlap",
        "agent/worker/lanes.py",
        "            async with lock:\n                yield",
        "            yield",
        "without a command|twice|lease|fence",
    ),
    Mutation(
        "an ending is told under the fence of what came after",
        "agent/worker/watch.py",
        "if self._fences.get(session_id) == fences.get(session_id):",
        "if True:",
        "though its instance runs",
    ),
)
