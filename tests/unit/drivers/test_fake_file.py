"""A fake platform in a file is one platform to all who open it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agent.drivers.fake import FakeDriver, FakeWorld
from agent.drivers.fake_file import VARIABLE, FileWorld, named_world
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import InstanceSpec, Resources

CONTROLLER = new_id("ctl")


def _spec(session_id: str) -> InstanceSpec:
    resources = Resources(cpu_millis=100, memory_bytes=2**20)
    return InstanceSpec(
        tenant_id=new_id("ten"), session_id=session_id, incarnation=1, image="fake", resources=resources
    )


def test_nothing_is_lost_when_many_write_at_once(tmp_path: Path) -> None:
    sessions = [new_id("ses") for _ in range(40)]
    drivers = [FakeDriver(CONTROLLER, FileWorld(path=tmp_path / "world.json")) for _ in range(4)]

    def start(number: int) -> None:
        drivers[number % 4].start(_spec(sessions[number]), lambda _: None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(start, range(40)))
    for driver in drivers:
        seen = driver.inventory()
        assert {each.session_id for each in seen.instances} == set(sessions) == set(seen.homes)


def test_one_process_sees_what_another_did(tmp_path: Path) -> None:
    first, second = (FileWorld(path=tmp_path / "world.json") for _ in range(2))
    session_id = new_id("ses")
    FakeDriver(CONTROLLER, first).start(_spec(session_id), lambda _: None)
    assert FakeDriver(CONTROLLER, second).endpoint(session_id) is not None
    with second.held() as world:
        world.instances.clear()
    assert FakeDriver(CONTROLLER, first).inventory().instances == ()


def test_the_environment_names_it(tmp_path: Path) -> None:
    named = named_world({VARIABLE: str(tmp_path / "world.json")})
    assert isinstance(named, FileWorld)
    assert type(named_world({})) is FakeWorld
