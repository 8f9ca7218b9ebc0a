"""The variables that every platform gives an instance. Pure."""

from chalicelib.protocol.instances import InstanceSpec

OURS = "STREAMSPACE_"


def environment(spec: InstanceSpec) -> dict[str, str]:
    """The template's variables, then ours: a template cannot override what carries policy. Sorted by name."""
    ours = {
        "STREAMSPACE_WIDTH": str(spec.display.width),
        "STREAMSPACE_HEIGHT": str(spec.display.height),
        "STREAMSPACE_FRAME_RATE": str(spec.display.frame_rate),
        "STREAMSPACE_CLIPBOARD_IN": str(int(spec.clipboard_in)),
        "STREAMSPACE_CLIPBOARD_OUT": str(int(spec.clipboard_out)),
    }
    theirs = {key: value for key, value in spec.env.items() if not key.startswith(OURS)}
    return dict(sorted((theirs | ours).items()))
