"""`make bench`: ratios from one run, and counted units. Ends with one JSON line.

Times here are noisy, so each of ours is compared with a peer measured in turn with it. Capacity units have
no noise and are held against the budgets.
"""

import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.browser import chromium, sign_in
from tests.support.stack import REPOSITORY, ApiClient, Stack

IMAGE = "streamspace/terminal:dev"
ROUNDS = 9
CLICKS = 5
LOAD_SECONDS = 5.0
CONNECTIONS = 32


def bare_docker_run() -> float:
    """Milliseconds from `docker run` to the RFB banner, with no flags but a place for the socket."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir="/run"))
    try:
        os.chown(folder, 1000, 1000)
        password = folder / "vnc-password"
        password.write_text("benchmrk")
        os.chown(password, 1000, 1000)
        started = time.perf_counter()
        container = subprocess.run(
            ["docker", "run", "-d", "--rm", "--init", "-v", f"{folder}:/streamspace", IMAGE],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        _wait_banner(str(folder / "rfb.sock"))
        taken = (time.perf_counter() - started) * 1000
        subprocess.run(["docker", "rm", "-f", container], check=True, capture_output=True)
        return taken
    finally:
        shutil.rmtree(folder)


def _wait_banner(path: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.settimeout(2)
                probe.connect(path)
                if probe.recv(12).startswith(b"RFB "):
                    return
            except OSError:
                pass
        time.sleep(0.002)
    raise TimeoutError(f"no RFB banner at {path}")


def create_to_running(api: ApiClient, template_id: str) -> float:
    """Milliseconds from `POST /v1/sessions` until the session says `running`."""
    started = time.perf_counter()
    made = api("POST", "/v1/sessions", {"template_id": template_id})
    made.raise_for_status()
    path = f"/v1/sessions/{made.json()['id']}"
    while True:
        view = api("GET", path).json()
        if view["state"] == "running":
            break
        if view["state"] == "failed" or time.perf_counter() - started > 60:
            raise RuntimeError(f"the session did not start: {view}")
        time.sleep(0.005)
    taken = (time.perf_counter() - started) * 1000
    api("DELETE", f"{path}?delete_home=true")
    api.wait(path.rsplit("/", 1)[1], "terminated")
    return taken


def click_to_first_frame(stack: Stack, api: ApiClient) -> list[float]:
    """Milliseconds from the click on Launch to the first painted frame, as the page itself marks them."""
    taken = []
    with chromium() as browser:
        for _ in range(CLICKS):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            sign_in(page, stack.url, stack.email, stack.password)
            page.get_by_test_id("launch-Terminal").click()
            page.get_by_test_id("launch-submit").click()
            page.wait_for_selector("[data-testid=viewer-screen][data-state=connected]", timeout=60_000)
            page.wait_for_function("performance.getEntriesByName('streamspace:first-frame').length > 0")
            taken.append(
                page.evaluate(
                    "performance.getEntriesByName('streamspace:first-frame')[0].startTime"
                    " - performance.getEntriesByName('streamspace:launch-click').at(-1).startTime"
                )
            )
            session_id = next(part for part in page.url.split("/") if part.startswith("ses-"))
            context.close()
            api("DELETE", f"/v1/sessions/{session_id}?delete_home=true")
            api.wait(session_id, "terminated")
    return taken


async def load(url: str, token: str, path: str) -> dict[str, float]:
    """Requests per second and latency in milliseconds over keep-alive connections."""
    latencies: list[float] = []
    failures = 0
    stop = time.perf_counter() + LOAD_SECONDS
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def one(http: aiohttp.ClientSession) -> None:
        nonlocal failures
        while time.perf_counter() < stop:
            started = time.perf_counter()
            async with http.get(f"{url}{path}", headers=headers) as answer:
                await answer.read()
                failures += answer.status != 200
            latencies.append((time.perf_counter() - started) * 1000)

    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as http:
        await asyncio.gather(*(one(http) for _ in range(CONNECTIONS)))
    ordered = sorted(latencies)
    return {
        "requests_per_second": round(len(ordered) / LOAD_SECONDS),
        "p50_ms": round(statistics.median(ordered), 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)], 2),
        "failures": failures,
    }


def capacity_units() -> dict[str, Any]:
    """Units per use case against the budgets, counted by the functional suite's own counter in a process of
    its own (it runs on an emulator of its own)."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "units.json"
        finished = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "tests/functional/sessions/test_budgets.py"],
            cwd=REPOSITORY,
            env={**os.environ, "STREAMSPACE_BUDGET_REPORT": str(report)},
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            raise RuntimeError(f"no capacity report:\n{finished.stdout[-2000:]}")
        return dict(json.loads(report.read_text()))


def in_turn(
    first: Callable[[], float], second: Callable[[], float]
) -> tuple[list[float], list[float], float]:
    """Both measured alternately after a warm-up, and the median of the pairwise ratios second / first."""
    first()
    second()
    pairs = [(first(), second()) for _ in range(ROUNDS)]
    ones, others = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return ones, others, statistics.median(other / one for one, other in pairs)


def main() -> int:
    """Exit status 1 when a budget or the start ratio is missed."""
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="streamspace-bench-") as home:
        stack = Stack(Path(home))
        _say("starting a stack of its own")
        stack.up()
        try:
            api = ApiClient(stack)
            template_id = api.template("Terminal")["id"]
            _say("docker run to RFB banner, in turn with POST /v1/sessions to running")
            bare, ours, ratio = in_turn(bare_docker_run, lambda: create_to_running(api, template_id))
            results["start"] = {
                "docker_run_to_rfb_ms": round(statistics.median(bare)),
                "post_session_to_running_ms": round(statistics.median(ours)),
                "ratio": round(ratio, 2),
                "ratio_budget": 2.5,
            }
            _say("click on Launch to first painted frame")
            results["click_to_first_frame_ms"] = round(statistics.median(click_to_first_frame(stack, api)))
            _say("API under load")
            token = api.token()
            results["api"] = {
                "healthz": asyncio.run(load(stack.url, "", "/healthz")),
                "get_me": asyncio.run(load(stack.url, token, "/v1/me")),
                "list_sessions": asyncio.run(load(stack.url, token, "/v1/sessions")),
            }
        finally:
            stack.down()
    _say("streaming: one hop, two hops and direct TCP in turn")
    from tests.performance.stream import bench_stream

    results["stream"] = bench_stream.run()
    _say("capacity units per use case")
    results["capacity_units"] = capacity_units()
    missed = [name for name, each in results["capacity_units"].items() if each["over"]]
    if results["start"]["ratio"] > results["start"]["ratio_budget"]:
        missed.append("start ratio")
    results["missed"] = missed
    sys.stdout.write(json.dumps(results) + "\n")
    return 1 if missed else 0


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")


if __name__ == "__main__":
    sys.exit(main())
