"""Two agents of one controller, enrolled by one token: they share its work, and either is enough."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.agents import Controller
from tests.cluster.grounds import Grounds
from tests.cluster.session import Session
from tests.support.stack import ApiClient, Stack

SESSIONS = 4
TAKEN_OVER = 300
"""Seconds: a lease of two minutes runs out, within a minute the command is sent again, and then it starts."""


@pytest.fixture(scope="module")
def pair(
    stack: Stack,
    api: ApiClient,
    grounds: Grounds,
    images: object,
    settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Controller]:
    """In a namespace of its own, since a namespace is one controller."""
    folder = tmp_path_factory.mktemp("two")
    namespace = grounds.make_namespace()
    kubeconfig = grounds.install(namespace, folder)
    made = Controller(stack, api, "Two agents", namespace, kubeconfig, folder, settings)
    try:
        made.enrol(agents=2)
        yield made
    finally:
        made.close()


def test_two_agents_compete_and_each_session_is_made_once(
    pair: Controller, grounds: Grounds, template: str
) -> None:
    sessions = [Session(pair, grounds, template) for _ in range(SESSIONS)]
    for each in sessions:
        each.wait("running")
    made = [each.objects("/apis/apps/v1", "statefulsets") for each in sessions]
    assert [len(each) for each in made] == [1] * SESSIONS
    assert all(each.view()["incarnation"] == 1 for each in sessions)
    assert all(each.streams() for each in sessions)
    for each in sessions:
        each.terminate()


@pytest.mark.timeout(TAKEN_OVER * 2)
def test_what_a_killed_agent_was_doing_the_other_finishes(
    pair: Controller, grounds: Grounds, template: str
) -> None:
    sessions = [Session(pair, grounds, template) for _ in range(SESSIONS)]
    pair.agents[0].kill()  # some of the starts were its
    for each in sessions:
        each.wait("running", seconds=TAKEN_OVER)
    assert all(each.streams(60) for each in sessions), "the other agent's streams"
    for each in sessions:
        each.terminate()
    pair.agents[0].start()
