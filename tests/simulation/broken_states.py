"""Rules of what a session is, what it holds, and what people may ask of it, broken."""

from tests.simulation.mutation import Mutation

_STATES = "chalicelib/sessions/rules.py"
_ROWS = "chalicelib/sessions/models.py"
_LEDGER = "chalicelib/sessions/ledger.py"
_LIFECYCLE = "chalicelib/sessions/lifecycle.py"
_CONTROLLERS = "chalicelib/controllers/models.py"
_COUNTERS = "chalicelib/quotas/counters.py"

STATES = (
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
)
