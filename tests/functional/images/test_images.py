"""Each session image, run as a session is: what a user, the gateway and the driver rely on."""

import time

import pytest

from tests.functional.images.conftest import RunningImage, Start
from tests.functional.images.rfb_client import CONTROL, SHIFT, VNC_AUTH, RfbClient

pytestmark = pytest.mark.docker

APPLICATIONS = ("terminal", "desktop", "firefox")
TERMINAL_BACKGROUND = (0x16, 0x1D, 0x26)
A_WINDOW = 100
"""More colours than an empty screen with a pointer has, fewer than any window with smooth text."""


def shows_a_window(client: RfbClient) -> bool:
    return client.colours() > A_WINDOW


def terminal(image: RunningImage) -> RfbClient:
    """A client of a terminal that is ready for input."""
    client = image.connect()
    assert client.wait_until(shows_a_window), image.log()
    client.type("clear\n")
    time.sleep(0.3)
    return client


def wait_for(image: RunningImage, expected: str, *command: str, seconds: float = 10) -> str:
    """What `command` prints inside, once it holds `expected`, or at last."""
    end = time.monotonic() + seconds
    while expected not in (printed := image.run(*command)) and time.monotonic() < end:
        time.sleep(0.1)
    return printed


@pytest.mark.parametrize("name", APPLICATIONS)
@pytest.mark.feature("A terminal, a desktop and Firefox run fully hardened and without a network")
def test_shows_its_application(start: Start, name: str) -> None:
    image = start(name)
    client = image.connect()
    assert client.security_types == [VNC_AUTH]
    assert (client.width, client.height) == (1280, 800)
    assert client.wait_until(shows_a_window), image.log()


@pytest.mark.parametrize("name", APPLICATIONS)
@pytest.mark.feature("Stopping a session ends it cleanly, and it starts again with the same home")
def test_stops_and_starts_again(start: Start, name: str) -> None:
    image = start(name)
    image.connect().close()
    image.run("sh", "-c", "echo kept > ~/note")
    status, seconds = image.stop()
    assert status == 0, image.log()
    assert seconds < 5
    image.container.start()
    client = image.connect()
    assert client.wait_until(shows_a_window), image.log()
    assert image.run("cat", "/home/user/note") == "kept\n"


@pytest.mark.feature("A session that was cut off starts again")
def test_starts_after_being_killed(start: Start) -> None:
    image = start("terminal")
    image.connect().close()
    image.container.kill()
    image.container.start()
    assert image.connect().wait_until(shows_a_window), image.log()


@pytest.mark.parametrize("name", APPLICATIONS)
@pytest.mark.feature("Sessions run as an ordinary user who can change nothing but the home")
def test_runs_as_an_ordinary_user(start: Start, name: str) -> None:
    image = start(name)
    assert image.run("id", "-u").strip() == "1000"
    assert image.run("id", "-gn").strip() == "user"
    image.connect().close()
    owners = set(image.run("ps", "-eo", "uid=").split())
    assert owners == {"1000"}
    assert "Read-only file system" in image.run("touch", "/usr/mine")
    assert image.run("sh", "-c", "touch ~/mine && echo done").strip() == "done"


def test_listens_on_its_socket_only(start: Start) -> None:
    image = start("terminal")
    image.connect().close()
    listening = [
        line for line in image.run("cat", "/proc/net/tcp", "/proc/net/tcp6").splitlines() if " 0A " in line
    ]
    assert listening == []
    assert image.socket.stat().st_mode & 0o777 == 0o600


def test_wrong_password_is_refused_but_never_locks_out(start: Start) -> None:
    image = start("terminal")
    image.connect().close()
    right = image.password
    image.password = "wrong"
    for _ in range(8):
        with pytest.raises(PermissionError):
            image.connect()
    image.password = right
    image.connect().close()


def test_without_a_password_nothing_listens(start: Start) -> None:
    image = start(
        "terminal",
        command=["sh", "-c", "rm -f /streamspace/vnc-password; exec /usr/libexec/streamspace/session"],
    )
    assert image.container.wait(timeout=20)["StatusCode"] == 1
    assert "vnc-password is missing" in image.log()
    assert not image.socket.exists()


@pytest.mark.feature("The screen follows the size of the browser window")
@pytest.mark.parametrize("name", APPLICATIONS)
def test_resizes(start: Start, name: str) -> None:
    image = start(name)
    client = image.connect()
    assert client.wait_until(shows_a_window), image.log()
    client.resize(1500, 900)
    assert client.wait_until(lambda _: (client.width, client.height) == (1500, 900))
    # The application fills what was not there before.
    black = (0, 0, 0)
    assert client.wait_until(lambda _: black not in (client.pixel(1490, 450), client.pixel(1490, 890)))


def test_size_is_the_templates(start: Start) -> None:
    image = start("terminal", environment={"STREAMSPACE_WIDTH": "1024", "STREAMSPACE_HEIGHT": "600"})
    client = image.connect()
    assert (client.width, client.height) == (1024, 600)
    assert client.wait_until(lambda _: client.pixel(1020, 590) == TERMINAL_BACKGROUND)


@pytest.mark.feature("Closing the application does not end the session: it opens again")
def test_application_is_started_again(start: Start) -> None:
    image = start("terminal")
    client = terminal(image)
    before = image.run("pgrep", "-x", "xterm").strip()
    assert before
    client.type("exit\n")
    end = time.monotonic() + 10
    while (after := image.run("pgrep", "-x", "xterm").strip()) in ("", before) and time.monotonic() < end:
        time.sleep(0.1)
    assert after not in ("", before)


def test_crash_loop_slows_down(start: Start) -> None:
    image = start("base", command=["timeout", "6", "/usr/libexec/streamspace/keep", "false"])
    image.container.wait(timeout=20)
    pauses = [line.rsplit("again in ", 1)[1] for line in image.log().splitlines() if "again in" in line]
    assert pauses == ["1 s", "2 s", "4 s"]


PASTED = "from-outside"


@pytest.mark.parametrize(("switch", "expected"), [("1", PASTED), ("0", "")])
@pytest.mark.feature("A template decides whether the clipboard may enter a session")
def test_clipboard_in(start: Start, switch: str, expected: str) -> None:
    image = start("terminal", environment={"STREAMSPACE_CLIPBOARD_IN": switch})
    client = terminal(image)
    client.cut(PASTED)
    time.sleep(0.3)
    client.type("echo ")
    client.press(CONTROL, SHIFT, ord("V"))
    time.sleep(0.3)
    client.type(" > pasted; touch done\n")
    assert "done" in wait_for(image, "done", "ls", "/home/user")
    assert image.run("cat", "/home/user/pasted").strip() == expected


@pytest.mark.parametrize(("switch", "expected"), [("1", "from-inside"), ("0", None)])
@pytest.mark.feature("A template decides whether the clipboard may leave a session")
def test_clipboard_out(start: Start, switch: str, expected: str | None) -> None:
    image = start("terminal", environment={"STREAMSPACE_CLIPBOARD_OUT": switch})
    client = terminal(image)
    # Even when a program in the session tries to switch it on.
    image.run("vncconfig", "-set", "SendCutText=1")
    client.type("clear; echo; echo; echo from-inside; touch done\n")
    assert "done" in wait_for(image, "done", "ls", "/home/user")
    for _ in range(10 if expected else 1):  # a terminal may be slow to paint
        time.sleep(0.3)
        # Its third line: 14 pixels of border, 22 each line.
        client.click(60, 14 + 2 * 22 + 11, times=3)
        time.sleep(0.3)
        client.press(CONTROL, SHIFT, ord("C"))
        if client.wait_until(lambda _: client.cut_text is not None, seconds=2):
            break
    assert (client.cut_text.strip() if client.cut_text else None) == expected
