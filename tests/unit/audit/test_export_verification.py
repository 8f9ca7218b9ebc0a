"""What the verifier finds in files that somebody has been at."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.audit.rules import Head, chain
from infra.audit.__main__ import main
from infra.audit.verify import FaultError, verify
from tests.unit.audit.chains import entries, entry, lines, write

SEALED = entries(9)
LINES = lines(SEALED)
WHOLE = b"".join(LINES)
END = Head(9, SEALED[-1].seal.hash)


def fault(tmp_path: Path, content: bytes, **options: Head) -> FaultError:
    with pytest.raises(FaultError) as caught:
        verify([write(tmp_path, content)], **options)
    return caught.value


def test_a_whole_export_is_whole(tmp_path: Path) -> None:
    found = verify([write(tmp_path, WHOLE)], head=END)
    assert (found.first, found.head) == (1, END)


def test_files_are_read_one_behind_the_other(tmp_path: Path) -> None:
    first = write(tmp_path, b"".join(LINES[:4]), "a.jsonl")
    second = write(tmp_path, b"".join(LINES[4:]), "b.jsonl")
    assert verify([first, second], head=END).head == END
    with pytest.raises(FaultError, match="1 to 4 are missing"):
        verify([second, first], head=END)


@pytest.mark.feature("One changed byte in an exported audit log is found, with its position")
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_is_found_where_it_is(tmp_path: Path, place: int, byte: int) -> None:
    if WHOLE[place] == byte:
        byte = (byte + 1) % 256
    changed = WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    found = fault(tmp_path, changed)
    number = WHOLE[:place].count(b"\n") + 1
    assert found.sequence == number
    assert found.place == f"audit.jsonl, line {number}"


@pytest.mark.parametrize(
    ("old", "new"),
    [(b',"via":', b', "via":'), (b"\\u001f", b"\\u001F"), (b'{"action"', b'{"format":1,"action"')],
)
def test_the_same_content_in_another_form_is_not_the_same(tmp_path: Path, old: bytes, new: bytes) -> None:
    changed = LINES[4].replace(old, new, 1)
    assert changed != LINES[4]
    assert fault(tmp_path, b"".join([*LINES[:4], changed, *LINES[5:]])).sequence == 5


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(1, len(WHOLE) - 1))
def test_any_cut_is_found_when_the_head_is_known(tmp_path: Path, place: int) -> None:
    found = fault(tmp_path, WHOLE[:place], head=END)
    assert found.sequence == WHOLE[:place].count(b"\n") + 1


def test_an_entry_that_is_missing(tmp_path: Path) -> None:
    found = fault(tmp_path, b"".join([*LINES[:4], *LINES[5:]]))
    assert (found.sequence, found.message) == (5, "entry 5 is missing here; this is 6")


def test_the_first_ones_are_missing(tmp_path: Path) -> None:
    rest = b"".join(LINES[3:])
    assert fault(tmp_path, rest).sequence == 1
    assert verify([write(tmp_path, rest)], after=Head(3, SEALED[2].seal.hash)).first == 4
    assert fault(tmp_path, rest, after=Head(3, "0" * 64)).sequence == 4


def test_entries_that_were_swapped_or_doubled(tmp_path: Path) -> None:
    swapped = [*LINES[:2], LINES[3], LINES[2], *LINES[4:]]
    assert fault(tmp_path, b"".join(swapped)).sequence == 3
    doubled = [*LINES[:3], LINES[2], *LINES[3:]]
    assert fault(tmp_path, b"".join(doubled)).message.startswith("this is 3 (again")


def test_an_entry_that_was_made_anew_with_its_hash(tmp_path: Path) -> None:
    [forged] = chain(Head(4, SEALED[3].seal.hash), [entry(5, action="nothing.happened")])
    found = fault(tmp_path, b"".join([*LINES[:4], *lines([forged]), *LINES[5:]]))
    assert found.sequence == 6
    forged_on = chain(Head(4, SEALED[3].seal.hash), [entry(5, action="nothing.happened"), entry(6)])
    content = b"".join([*LINES[:4], *lines(forged_on)])
    assert fault(tmp_path, content, head=Head(6, SEALED[5].seal.hash)).sequence == 6


def test_another_tenants_entry(tmp_path: Path) -> None:
    [foreign] = chain(Head(9, END.hash), [entry(10, tenant_id="ten-other")])
    assert "another organisation" in fault(tmp_path, WHOLE + lines([foreign])[0]).message


def test_it_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    code = (
        "import sys; sys.path[:0] = sys.argv[1:2]; from infra.audit.__main__ import main; main(sys.argv[2:])"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(root), "verify", str(write(tmp_path, WHOLE))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "entries 1 to 9, unbroken" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"[]\n", b"{}\n", b"1\n", b'{"sequence":true}\n', b"[" * 9999]
)
def test_what_is_no_export_at_all(tmp_path: Path, content: bytes) -> None:
    assert fault(tmp_path, content).sequence == 1


def test_the_command_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = (
        write(tmp_path, WHOLE, "good.jsonl"),
        write(tmp_path, WHOLE.replace(b"admin", b"owner", 1), "bad.jsonl"),
    )
    assert main(["verify", str(good), "--head", f"9:{END.hash}"]) == 0
    assert f"head    9:{END.hash}" in capsys.readouterr().out
    assert main(["verify", str(good), "--head", f"10:{END.hash}"]) == 1
    assert "the end: entry 10: cut off" in capsys.readouterr().err
    assert main(["verify", str(bad)]) == 1
    assert "bad.jsonl, line 1: entry 1: changed" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "missing")]) == 2
    with pytest.raises(SystemExit) as wrong:
        main(["verify", str(good), "--head", "nonsense"])
    assert wrong.value.code == 2
