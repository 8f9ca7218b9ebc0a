"""`python -m infra.charts.render [--check]`: `manifests.yaml`, rendered from the chart.

It is for clusters without Helm. What differs by installation is rendered as the placeholders below, which the
installer replaces; the file is valid as it is, so that it can be checked and also edited by hand. Neither the
namespace nor the enrolment token is in it: the installer makes the one only if it is not there, and the other
where no command line shows it.
"""

import re
import subprocess
import sys
from pathlib import Path

from infra.charts import helm
from infra.charts.pack import CHART, MANIFESTS, NAME

URL = "https://control-plane.invalid:65443"
"""Its port stands for the control plane's in the network policy, too."""
NAMESPACE = "streamspace"
VALUES = (f"url={URL}", "existingSecret=streamspace-agent-enrolment")
_HEADER = f"""\
# The StreamSpace agent, for clusters without Helm. Rendered from the chart: `python -m infra.charts.render`.
#   curl -fsSL URL/install/kubernetes | sh -s -- --url URL --token TOKEN
# fills it in and applies it. By hand: make the namespace, and in it the Secret streamspace-agent-enrolment
# with the key `token`; replace {URL} (its port is in the network policy, too) and the image.
"""
_OF_HELM = re.compile(r"^ +(?:helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n", re.MULTILINE)
_SOURCE = re.compile(r"^# Source: .*\n", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{2,}")


def rendered(binary: Path) -> str:
    """The same text whichever Helm it is. Raises CalledProcessError."""
    command = [str(binary), "template", NAME, str(CHART), "--namespace", NAMESPACE]
    for value in VALUES:
        command += ["--set", value]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for pattern, by in ((_OF_HELM, ""), (_SOURCE, ""), (_EMPTY_LINES, "\n")):
        text = pattern.sub(by, text)
    return _HEADER + text


def main(arguments: list[str]) -> int:
    helm.main()
    text = rendered(helm.path("helm4"))
    if arguments == ["--check"]:
        same = MANIFESTS.exists() and MANIFESTS.read_text() == text
        print("current" if same else "out of date: python -m infra.charts.render")
        return 0 if same else 1
    MANIFESTS.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
