"""Docker's pull events summed up. The events are those that Docker 20.10 sends."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.drivers.docker.pull import Layers


def event(layer: str, status: str, current: int | None = None, total: int | None = None) -> dict[str, Any]:
    detail = {} if total is None else {"current": current, "total": total}
    return {"id": layer, "status": status, "progressDetail": detail}


def feed(*events: dict[str, Any]) -> list[tuple[int, int]]:
    layers = Layers()
    return [(progress.done, progress.total) for progress in map(layers.feed, events)]


def test_bytes_of_all_layers_are_added() -> None:
    assert feed(
        event("1", "Pulling from tiny"),
        event("a", "Pulling fs layer"),
        event("a", "Downloading", 10, 100),
        event("b", "Downloading", 5, 50),
        event("b", "Verifying Checksum"),
        event("b", "Download complete"),
        event("a", "Download complete"),
        event("a", "Extracting", 3, 100),
        event("a", "Pull complete"),
    ) == [(0, 0), (0, 0), (10, 100), (15, 150), (15, 150), (60, 150), (150, 150), (150, 150), (150, 150)]


def test_layers_that_are_here_count_nothing() -> None:
    assert feed(event("a", "Already exists"), event("b", "Downloading", 1, 2)) == [(0, 0), (1, 2)]


def test_unknown_sizes_count_nothing() -> None:
    assert feed(event("a", "Downloading", 10, 0), event("a", "Downloading", 10, -1)) == [(0, 0), (0, 0)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(["Downloading", "Download complete", "Extracting", "Waiting"]),
            st.integers(0, 1000),
            st.integers(-1, 500),
        )
    )
)
def test_never_more_done_than_there_is(events: list[tuple[str, str, int, int]]) -> None:
    assert all(0 <= done <= total for done, total in feed(*(event(*fields) for fields in events)))
