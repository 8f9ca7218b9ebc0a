"""How little a session may do, read from inside it."""

import os
from pathlib import Path

import pytest

from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import Resources
from tests.contract.drivers.docker_adapter import DockerAdapter

pytestmark = pytest.mark.docker
MIB = 2**20
WRITE = 'open(F, ">", $ARGV[0]) && syswrite(F, "x" x $ARGV[1]) == $ARGV[1] and print "written" or print "$!"'
BOMB = "for (1..200) { my $p = fork(); last if !defined $p; $p or sleep(5), exit; $n++ } print $n"
UNPRIVILEGED = "Sessions run without privileges: not root, no capabilities, read-only root, bounded resources"


@pytest.fixture
def session(controller: DockerAdapter) -> str:
    session = new_id("ses")
    resources = Resources(cpu_millis=250, memory_bytes=96 * MIB, pids=40)
    controller.open().start(controller.spec(session, resources=resources), lambda _step: None)
    return session


def write(controller: DockerAdapter, session: str, path: str, count: int = 1) -> str:
    return controller.exec(session, "perl", "-e", WRITE, path, str(count))


@pytest.mark.feature(UNPRIVILEGED)
def test_a_session_has_no_privileges(controller: DockerAdapter, session: str) -> None:
    status = controller.exec(session, "perl", "-pe", "", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == ["1000"] * 4
    assert fields["Gid"].split() == ["1000"] * 4
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[capabilities], 16) == 0, capabilities
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"


@pytest.mark.feature(UNPRIVILEGED)
def test_only_its_own_places_are_writable(controller: DockerAdapter, session: str) -> None:
    for path in ("/home/user/a", "/tmp/a", "/var/tmp/a", "/run/a", "/dev/shm/a", "/streamspace/a"):
        assert write(controller, session, path) == "written", path
    for path in ("/a", "/usr/a", "/etc/a", "/home/a", "/usr/bin/perl"):
        assert write(controller, session, path) in {"Read-only file system", "Permission denied"}, path


@pytest.mark.feature(UNPRIVILEGED)
def test_resources_are_bounded(controller: DockerAdapter, session: str) -> None:
    (container,) = controller._containers(session)
    limits = container.attrs["HostConfig"]
    assert (limits["Memory"], limits["MemorySwap"]) == (96 * MIB, 96 * MIB)
    assert limits["NanoCpus"] == 250_000_000
    assert 10 < int(controller.exec(session, "perl", "-e", BOMB)) < 40


def test_a_session_cannot_fill_the_hosts_run_directory(controller: DockerAdapter, session: str) -> None:
    assert write(controller, session, "/streamspace/big", 4 * MIB) != "written"
    directory = controller.run_dir / controller.controller_id / session
    assert sum(file.lstat().st_size for file in directory.iterdir()) <= MIB


def test_the_home_begins_as_the_image_has_it(controller: DockerAdapter, session: str) -> None:
    assert controller.exec(session, "perl", "-pe", "", "/home/user/.greeting") == "from the image\n"


def test_secrets_are_where_they_belong(controller: DockerAdapter, session: str) -> None:
    endpoint = controller.open().endpoint(session)
    assert endpoint is not None
    assert endpoint.password is not None
    (container,) = controller._containers(session)
    assert endpoint.password not in repr(container.attrs), "not in the environment, nor anywhere else"
    inside = controller.run_dir / controller.controller_id / session / "vnc-password"
    assert inside.read_text() == endpoint.password
    assert (inside.stat().st_mode & 0o777, inside.stat().st_uid) == (0o400, 1000)
    assert (inside.parent.stat().st_mode & 0o777, inside.parent.stat().st_uid) == (0o700, 1000)
    kept = controller.run_dir / controller.controller_id / ".agents" / session / "password"
    assert (kept.stat().st_mode & 0o777, kept.stat().st_uid) == (0o600, os.geteuid())
    assert controller.run_dir.stat().st_mode & 0o077 == 0, (
        "another user of the host does not get to the sockets"
    )


def test_each_start_has_a_password_of_its_own(controller: DockerAdapter, session: str) -> None:
    driver = controller.open()
    first = driver.endpoint(session)
    driver.stop(session)
    driver.start(controller.spec(session), lambda _step: None)
    second = driver.endpoint(session)
    assert first is not None
    assert second is not None
    assert first.password != second.password


def test_a_link_in_place_of_the_socket_leads_nowhere(controller: DockerAdapter, session: str) -> None:
    """A session must not make the gateway talk to another socket of the host."""
    from agent.drivers.handshake import connect_unix, rfb_answers

    other = new_id("ses")
    controller.open().start(controller.spec(other), lambda _step: None)
    target = controller.run_dir / controller.controller_id / other / "rfb.sock"
    assert rfb_answers(target)
    swap = "unlink '/streamspace/rfb.sock'; symlink($ARGV[0], '/streamspace/rfb.sock') and print 'linked'"
    assert controller.exec(session, "perl", "-e", swap, str(target)) == "linked"
    endpoint = controller.open().endpoint(session)
    assert endpoint is not None
    assert not rfb_answers(Path(endpoint.socket_path or ""))
    with pytest.raises(OSError, match=r"symbolic link|not a socket"):
        connect_unix(Path(endpoint.socket_path or ""), 1.0)
