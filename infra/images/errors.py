"""Why images could not be built. One class: the command prints the message and ends with status 1."""


class BuildError(Exception):
    """The message says what failed and, where it is known, what to do."""
