"""What the runner reads out of an app."""

import sys
from types import SimpleNamespace

import pytest
from chalice.app import Chalice, Rate

from infra.local.runner.registrations import Queue, Schedule, Stream, registrations, seconds, table_of
from infra.local.runner.schedules import event
from infra.local.runner.streams import plain

toy = Chalice(app_name="toy")
STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/streamspace-controllers/stream/label"


@toy.schedule(Rate(5, unit=Rate.MINUTES))
def tick(ticked):
    return ticked.to_dict()


@toy.on_dynamodb_record(STREAM, batch_size=25)
def changed(records):
    return len(list(records))


@toy.on_sqs_message(queue="work", batch_size=3)
def worked(records):
    return len(list(records))


def test_all_kinds_are_read_with_their_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for config in toy.event_sources:
        config.handler_string = config.handler_string.replace("app.", f"{__name__}.")
    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(**globals()))
    schedule, stream, queue = registrations(toy)
    assert isinstance(schedule, Schedule)
    assert schedule.seconds == 300
    assert schedule.function(event("tick"))["detail-type"] == "Scheduled Event"
    assert isinstance(stream, Stream)
    assert (stream.table, stream.batch_size) == ("streamspace-controllers", 25)
    assert isinstance(queue, Queue)
    assert (queue.queue, queue.batch_size) == ("work", 3)


def test_a_trigger_that_is_not_run_here_is_refused_at_the_start() -> None:
    other = Chalice(app_name="other")
    other.on_sns_message(topic="topic")(lambda event: None)
    with pytest.raises(TypeError, match="not run"):
        registrations(other)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("rate(1 minute)", 60), ("rate(2 hours)", 7200), (Rate(1, unit=Rate.DAYS), 86400)],
)
def test_rates_are_understood(expression, expected: float) -> None:
    assert seconds(expression) == expected


def test_cron_is_refused() -> None:
    with pytest.raises(ValueError, match="only rate"):
        seconds("cron(0 12 * * ? *)")


def test_a_stream_names_its_table() -> None:
    assert table_of(STREAM) == "streamspace-controllers"
    with pytest.raises(ValueError, match="names no table"):
        table_of("arn:aws:kinesis:us-east-1:1:stream/x")


def test_records_are_plain_json() -> None:
    assert plain({"B": b"\x00\x01", "BS": [b"\x02"], "M": {"S": "x"}}) == {
        "B": "AAE=",
        "BS": ["Ag=="],
        "M": {"S": "x"},
    }
