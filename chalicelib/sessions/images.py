"""Images of rows, as a table's stream delivers them."""

from collections.abc import Mapping
from typing import Any

from chalicelib.sessions import mapping
from chalicelib.sessions.entities import Overview
from chalicelib.sessions.row_models import SessionRow


def overview(image: Mapping[str, Any]) -> Overview:
    """What users see of the session in an image."""
    row = SessionRow()
    row.deserialize(dict(image))
    return mapping.overview(row)
