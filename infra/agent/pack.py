"""`python -m infra.agent.pack FOLDER [--image NAME:TAG]`: all that is handed out below `/install`."""

import argparse
import shutil
import sys
from pathlib import Path

from agent import __version__
from infra.agent import wheel
from infra.charts import pack as charts

STAMP = ".stamp"
"""Written last: who serves the folder reads it anew when this file changes."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.agent.pack", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--image", default=f"streamspace/agent:{__version__}", help="what clusters pull unless told otherwise"
    )
    options = parser.parse_args(arguments)
    try:
        write(options.folder, options.image)
    except (wheel.WheelError, charts.ImageNameError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write(folder: Path, image: str) -> None:
    """Raises WheelError, ImageNameError."""
    handed_out = charts.files(image)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    built = wheel.build(folder)
    (folder / "wheel.txt").write_text(f"{built.name}\n")
    shutil.copyfile(Path(__file__).parent / "install.sh", folder / "agent.sh")
    for name, content in handed_out.items():
        (folder / name).write_bytes(content)
    (folder / STAMP).touch()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
