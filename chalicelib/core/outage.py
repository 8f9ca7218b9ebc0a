"""Telling "the store does not answer" from a fault of ours, without knowing which store it is."""

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's name

_OVERLOADED = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)


def is_outage(error: BaseException | None) -> bool:
    """Whether AWS could not be reached, timed out or asked for patience, somewhere down its causes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, ConnectionError | HTTPClientError):
            return True
        if isinstance(error, ClientError) and error.response["Error"].get("Code") in _OVERLOADED:
            return True
        # PynamoDB keeps what it wraps in an attribute of its own.
        error = getattr(error, "cause", None) or error.__cause__ or error.__context__
    return False
