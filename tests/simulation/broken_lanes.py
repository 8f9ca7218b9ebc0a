"""Rules of claims, leases, fences and commands, broken."""

from tests.simulation.mutation import Mutation

_LANE = "chalicelib/commands/rules.py"

LANES = (
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
)
