"""Table streams: each change once processed, in order, by each function that asked for it.

At least once, as on AWS: a record counts as processed when the function has returned, and the position is
written after that. While the function fails, the same records come again, with growing pauses.
"""

import base64
import json
import logging
import threading
import urllib.request
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from infra.local.runner.checkpoints import Checkpoints
from infra.local.runner.registrations import Stream

log = logging.getLogger("runner.streams")
_WAIT_SECONDS = 20
_LONGEST_PAUSE = 5.0


class Changes:
    """Tells readers that there may be new records, by one waiting request to the emulator."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint}/_streamspace/changes"
        self._condition = threading.Condition()
        self._last = 0

    def watch(self, stopping: threading.Event) -> None:
        """Until told to stop; run it in a thread."""
        while not stopping.is_set():
            try:
                url = f"{self._url}?after={self._last}&wait={_WAIT_SECONDS}"
                with urllib.request.urlopen(url, timeout=_WAIT_SECONDS + 10) as answer:
                    last = int(json.load(answer)["last"])
            except (OSError, ValueError):
                stopping.wait(0.2)
                last = -1  # it may have been restarted: let everybody look
            with self._condition:
                self._last = max(last, 0)
                self._condition.notify_all()

    @property
    def last(self) -> int:
        return self._last

    def wait(self, after: int) -> None:
        """Until something newer than `after` may exist."""
        with self._condition:
            if self._last <= after:
                self._condition.wait(_WAIT_SECONDS)


class Reader:
    """One function on one table's stream."""

    def __init__(self, stream: Stream, dynamodb: Any, streams: Any, changes: Changes) -> None:
        self._stream = stream
        self._dynamodb = dynamodb
        self._streams = streams
        self._changes = changes
        self._checkpoints = Checkpoints(dynamodb, stream.table)

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop."""
        pause = 0.1
        while not stopping.is_set():
            try:
                self._follow(stopping)
                pause = 0.1
            except Exception:
                log.exception("%s: going on in %.1f s", self._stream.name, pause)
                stopping.wait(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)

    def _follow(self, stopping: threading.Event) -> None:
        arn = self._dynamodb.describe_table(TableName=self._stream.table)["Table"]["LatestStreamArn"]
        position = self._checkpoints.get(self._stream.name)
        while not stopping.is_set():
            seen = self._changes.last
            records = self._records(arn, position)
            if not records:
                self._changes.wait(seen)
                continue
            failed = _first_failure(self._stream.function({"Records": records}), records)
            if records[:failed]:
                position = int(records[failed - 1]["dynamodb"]["SequenceNumber"])
                self._checkpoints.set(self._stream.name, position)
            if failed < len(records):
                raise RuntimeError(f"{len(records) - failed} records are to be tried again")

    def _records(self, arn: str, position: int) -> list[dict[str, Any]]:
        shard = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = self._iterator(arn, shard, position)
        found = self._streams.get_records(ShardIterator=iterator, Limit=self._stream.batch_size)["Records"]
        return [{**plain(record), "eventSourceARN": arn} for record in found]

    def _iterator(self, arn: str, shard: str, position: int) -> str:
        request = {"StreamArn": arn, "ShardId": shard}
        if position:
            after = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": f"{position:030d}"}
            try:
                return str(self._streams.get_shard_iterator(**request, **after)["ShardIterator"])
            except ClientError as error:
                # Aged out: all that is left is newer.
                if error.response["Error"]["Code"] != "TrimmedDataAccessException":
                    raise
        answer = self._streams.get_shard_iterator(**request, ShardIteratorType="TRIM_HORIZON")
        return str(answer["ShardIterator"])


def plain(value: Any) -> Any:
    """A record as Lambda gets it: JSON, where boto3 has bytes and datetimes."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | set | tuple):
        return [plain(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    return value


def _first_failure(answer: Any, records: list[dict[str, Any]]) -> int:
    """Index of the first record that the function reported as failed; their number if none."""
    reported = answer.get("batchItemFailures", []) if isinstance(answer, dict) else []
    failures = {failure["itemIdentifier"] for failure in reported}
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return next((index for index, number in enumerate(numbers) if number in failures), len(records))
