"""Somebody deletes the namespace underneath: sessions, homes and rights are gone, and the product says so."""

from pathlib import Path
from typing import Any

from tests.cluster.agents import Controller
from tests.cluster.grounds import Grounds
from tests.cluster.session import Session
from tests.support.stack import ApiClient, Stack, wait_until

TOLD_WITHIN = 240
"""Seconds: an inventory that lacks a session is believed when it is repeated."""


def test_sessions_of_a_deleted_namespace_fail_with_the_reason(
    stack: Stack,
    api: ApiClient,
    grounds: Grounds,
    images: object,
    settings: dict[str, Any],
    template: str,
    tmp_path: Path,
) -> None:
    namespace = grounds.make_namespace()
    controller = Controller(
        stack, api, "Doomed", namespace, grounds.install(namespace, tmp_path), tmp_path, settings
    )
    try:
        controller.enrol()
        running = Session(controller, grounds, template)
        running.wait("running")
        grounds.delete_namespace(namespace)

        def told() -> bool:
            return bool(controller.view()["health"]["platform"]["state"] != "ok")

        wait_until(told, TOLD_WITHIN, every=0.5)
        late = Session(controller, grounds, template)
        reason = wait_until(lambda: late.view().get("reason"), TOLD_WITHIN, every=0.5)
        print(f"the controller's health: {controller.view()['health']}; a session's: {reason}")
        process = controller.agents[0].process
        assert process
        assert process.poll() is None, "an agent whose cluster is in trouble waits for it"
        for each in (running, late):
            api("DELETE", f"/v1/sessions/{each.id}?delete_home=true")
    except (AssertionError, TimeoutError):
        print(controller.view(), controller.logs())
        raise
    finally:
        controller.close()
