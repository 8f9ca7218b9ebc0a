"""`python -m infra.package.keys`: prints a new document of signing keys, for Secrets Manager."""

import sys

from chalicelib.core.keys import generate

if __name__ == "__main__":
    sys.stdout.write(generate())
