"""The session images, the agent's image and what builds them.

A folder is an image: its Dockerfile, and under `files/` what is copied to the image's root. `base` holds
all that images share; the others add one application each, by packages and an `app` script. How an image
starts and what it may rely on is written in `base/files/usr/libexec/streamspace/session`. `agent` is no
session image and is built only when it is named.

    python -m infra.images.build [NAME…]      builds what is missing or out of date
    python -m infra.images.build --check      says what that would be

An image is current if it carries the digest of its inputs (files, modes, parent's id) as a label, so a
second run does nothing. The lowest image, `debian`, comes from a registry where one answers, and else from
Debian packages.

`recipes` (which images), `context` (files, digest, build context), `plan` (what is out of date) and
`output` (what a builder's line means) are pure; `engine` alone speaks to Docker, `debian` alone makes the
lowest image, `agent_packages` fetches what the agent's holds, `progress` alone writes to the terminal. What
does not belong here: how a session's container is started (`agent.drivers.docker`).
"""
