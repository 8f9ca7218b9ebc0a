"""What `/install` hands out for clusters: the packed chart and plain manifests with the operator's image."""

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from infra.agent import pack as agents
from infra.charts import pack
from tests.functional.kubernetes.charts.conftest import one

IMAGE = "registry.example:5000/team/agent:2.0"


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    packed = pack.files(IMAGE)["agent-chart.tgz"]
    assert packed == pack.files(IMAGE)["agent-chart.tgz"]
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        names = tar.getnames()
        assert all(each.mtime == 0 and each.uid == 0 for each in tar.getmembers())
    assert {name.split("/")[0] for name in names} == {pack.NAME}
    assert {f"{pack.NAME}/{name}" for name in ("Chart.yaml", "values.schema.json", "README.md")} <= set(names)


@pytest.mark.feature("A control plane hands out the chart and the manifests with the operator's own image")
def test_helm_installs_the_packed_chart_with_that_image(
    helm: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    handed_out = pack.files(IMAGE)
    chart = tmp_path / "agent-chart.tgz"
    chart.write_bytes(handed_out["agent-chart.tgz"])
    for command in (("lint", "--strict"), ("template", "x")):
        done = helm(*command, str(chart), "--set", "url=https://a.example")
        assert done.returncode == 0, done.stderr + done.stdout
    for text in (done.stdout, handed_out["kubernetes.yaml"].decode()):
        docs = [doc for doc in yaml.safe_load_all(text) if doc]
        (container,) = one(docs, "StatefulSet")["spec"]["template"]["spec"]["containers"]
        assert container["image"] == IMAGE


@pytest.mark.parametrize("image", ["agent", "a:b c", 'a:1"', "a:", "A:1"])
def test_what_is_no_image_is_refused(image: str) -> None:
    with pytest.raises(pack.ImageNameError):
        pack.files(image)


@pytest.mark.timeout(180)
def test_all_that_machines_ask_for_is_handed_out(tmp_path: Path) -> None:
    folder = tmp_path / "install"
    folder.mkdir()
    (folder / "old.whl").touch()
    assert agents.main([str(folder), "--image", IMAGE]) == 0
    wheel = (folder / "wheel.txt").read_text().strip()
    assert {path.name for path in folder.iterdir()} == {
        *("wheel.txt", wheel, "agent.sh", agents.STAMP),
        *("agent-chart.tgz", "kubernetes", "kubernetes.yaml"),
    }
    assert (folder / "agent.sh").read_text().startswith("#!/bin/sh")
    assert agents.main([str(folder), "--image", "no image"]) == 1
    assert (folder / wheel).exists()
