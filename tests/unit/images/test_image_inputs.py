"""An image's digest changes with what it is made of, and with nothing else."""

import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.images import context, plan
from infra.images.context import File

FILES = st.builds(File, st.text(min_size=1), st.sampled_from((0o644, 0o755)), st.binary())


@given(st.lists(FILES, max_size=4), st.lists(FILES, max_size=4))
def test_digest_tells_any_two_sets_of_files_apart(one: list[File], other: list[File]) -> None:
    assert (context.digest(tuple(one)) == context.digest(tuple(other))) == (one == other)


def test_digest_is_not_fooled_by_moving_a_boundary() -> None:
    assert context.digest((File("ab", 0o644, b"c"),)) != context.digest((File("a", 0o644, b"bc"),))


def test_checkout_decides_neither_mode_nor_order(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/run").write_text("#!/bin/sh\n")
    (tmp_path / "a").write_text("text")
    before = context.read(tmp_path)
    assert [(file.path, file.mode) for file in before] == [("a", 0o644), ("bin/run", 0o755)]
    (tmp_path / "a").chmod(0o777)
    (tmp_path / "bin/run").chmod(0o600)
    assert context.read(tmp_path) == before


def test_archive_is_the_same_for_the_same_files() -> None:
    files = (File("Dockerfile", 0o644, b"FROM x\n"), File("files/run", 0o755, b"#!/bin/sh\n"))
    first, second = context.archive(files), context.archive(files)
    assert first.getvalue() == second.getvalue()
    with tarfile.open(fileobj=first) as tar:
        facts = [(member.name, member.mode, member.uid, member.mtime) for member in tar]
    assert facts == [("Dockerfile", 0o644, 0, 0), ("files/run", 0o755, 0, 0)]


@pytest.mark.parametrize(
    ("files", "parent"), [("f2", "p1"), ("f1", "p2"), ("f1", None)], ids=["files", "parent", "no parent"]
)
def test_inputs_follow_files_and_parent(files: str, parent: str | None) -> None:
    assert plan.inputs("f1", "p1") == plan.inputs("f1", "p1")
    assert plan.inputs(files, parent) != plan.inputs("f1", "p1")
