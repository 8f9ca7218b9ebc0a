"""`python -m tests.cluster.push registry.example/team`: puts the tests' images where a cluster can pull them.
Uses what `docker login` knows of that registry.
"""

import subprocess
import sys

from tests.cluster.images import DESKTOP, VARIABLE, names
from tests.contract.drivers import tiny_image


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    prefix = arguments[0].rstrip("/")
    there = names(prefix)
    for here, name in ((tiny_image.build(), there.tiny), (DESKTOP, there.desktop)):
        subprocess.run(["docker", "tag", here, name], check=True)
        subprocess.run(["docker", "push", name], check=True)
    print(f"make test-kubernetes KUBECONFIG=… {VARIABLE}={prefix}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
