"""Rules of what is believed, cleaned and tried again, by the control plane and by agents, broken."""

from tests.simulation.mutation import Mutation

_OUTCOMES = "chalicelib/sessions/outcomes.py"
_REPORTS = "chalicelib/sessions/reports.py"
_COMPARING = "chalicelib/sessions/comparing.py"
_ATTENDING = "chalicelib/sessions/attending.py"

REPORTS = (
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
        "began = _began(report, self.ledger.clock(), margin)",
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
