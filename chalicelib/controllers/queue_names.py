"""What queues are called. A queue that is replaced leaves its name behind: SQS does not give it out anew at
once, and credentials that were given for it open nothing any more."""


def command_queue(controller_id: str, number: int) -> str:
    """A controller's queue after so many replacements."""
    return f"{controller_id}-{number}" if number else controller_id


def up_to(queue: str) -> tuple[str, ...]:
    """The queue and all that it has replaced."""
    controller_id, number = _parts(queue)
    return tuple(command_queue(controller_id, each) for each in range(number + 1))


def dead_queue(queue: str) -> str:
    """The dead-letter queue that goes with a controller's queue, whatever its number."""
    return f"{_parts(queue)[0]}-dead"


def _parts(queue: str) -> tuple[str, int]:
    kind, identifier, *number = queue.split("-")
    return f"{kind}-{identifier}", int(number[0]) if number else 0
