"""Making sense of what builders and this machine's apt print."""

import io

import pytest

from infra.images import debian, output
from infra.images.output import Step
from infra.images.progress import Progress, Track


def test_step() -> None:
    assert output.step("Step 4/9 : RUN apt-get \\\n   update\n") == Step(4, 9, "RUN apt-get update")
    assert output.step(" ---> 1234") is None


def test_long_instruction_is_cut() -> None:
    found = output.step(f"Step 1/2 : RUN {'x' * 200}")
    assert found is not None
    assert len(found.instruction) == 76
    assert found.instruction.endswith("…")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "Get:12 http://mirror.example/debian bookworm/main amd64 xterm amd64 379-1 [816 kB]",
            "fetching xterm",
        ),
        ("Unpacking xterm (379-1) ...", "unpacking xterm"),
        ("Setting up libc6:amd64 (2.36) ...", "setting up libc6:amd64"),
        ("Reading package lists...", None),
        (" ---> Running in 0123456789ab", None),
    ],
)
def test_interesting_lines(line: str, expected: str | None) -> None:
    assert output.interesting(line) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("write /usr/lib/x: no space left on device", "disk is full"),
        (
            "Err:1 http://mirror.example bookworm InRelease\n  Temporary failure resolving 'mirror.example'",
            "network",
        ),
        ("E: Failed to fetch http://mirror.example/x.deb  404 Not Found", "network"),
    ],
)
def test_known_failures_say_what_to_do(text: str, word: str) -> None:
    assert word in (output.advice(text) or "")


def test_unknown_failure_has_no_advice() -> None:
    assert output.advice("exit status 2") is None


TARGETS = """\
Debian http://mirror.example/debian/ bookworm main
Debian http://mirror.example/debian/ bookworm main
Debian http://mirror.example/debian/ bookworm-updates main
Debian http://mirror.example/security/ bookworm-security main
Debian http://mirror.example/debian/ bookworm contrib
Debian http://mirror.example/debian/ trixie main
Somebody https://apt.example/ bookworm main
 https://apt.example/ bookworm main
"""


def test_only_debians_own_sources_of_the_suite_are_taken() -> None:
    assert debian.host_sources(TARGETS, "bookworm").splitlines() == [
        "deb http://mirror.example/debian/ bookworm main",
        "deb http://mirror.example/debian/ bookworm-updates main",
        "deb http://mirror.example/security/ bookworm-security main",
    ]
    assert debian.host_sources("", "bookworm") == ""


def test_only_settings_that_sources_need_are_taken() -> None:
    dump = (
        'APT::Architecture "amd64";\n'
        'Acquire::http::Proxy "http://proxy.example:3128";\n'
        'Acquire::http::Proxy::mirror.example "DIRECT";\n'
        'Acquire::Check-Valid-Until "false";\n'
        'Acquire::Languages:: "none";\n'
    )
    assert debian.host_settings(dump) == (
        'Acquire::http::Proxy "http://proxy.example:3128"',
        'Acquire::http::Proxy::mirror.example "DIRECT"',
        'Acquire::Check-Valid-Until "false"',
    )


def test_progress_off_a_terminal_has_one_line_for_each_long_step(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("infra.images.progress.time.monotonic", lambda: now)
    stream = io.StringIO()
    track = Track(Progress(stream), "base")
    track.step("1/3 FROM x")
    track.step("2/3 RUN install")
    now += 1
    track.sign("fetching a")
    now += 6
    track.sign("fetching b")
    track.finish_step()
    assert [line.split() for line in stream.getvalue().splitlines()] == [
        ["base", "·", "fetching", "b", "7", "s"],
        ["base", "✓", "2/3", "RUN", "install", "7.0", "s"],
    ]
