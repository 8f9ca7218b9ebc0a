"""What every answer of the API carries."""

from dataclasses import replace

import pytest

from chalicelib.core import security_headers as module
from chalicelib.core.config import Config, read


@pytest.mark.parametrize(("url", "told"), [("https://desk.example", True), ("http://localhost:8080", False)])
def test_browsers_are_told_to_stay_with_tls_where_there_is_tls(url, told, monkeypatch):
    monkeypatch.setattr(module, "config", lambda: replace(Config(), public_url=url))
    headers = module.security_headers.__wrapped__()
    assert ("Strict-Transport-Security" in headers) is told
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_sign_up_is_off_unless_it_is_switched_on():
    assert read({}).sign_up is False
    assert read({"STREAMSPACE_SIGN_UP": "on"}).sign_up is True
    with pytest.raises(ValueError, match="on or off"):
        read({"STREAMSPACE_SIGN_UP": "yes"})
