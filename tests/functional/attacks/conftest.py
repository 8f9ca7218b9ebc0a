"""What attackers need."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.conftest import PASSWORD
from tests.support.lambda_client import LambdaClient

Login = Callable[..., tuple[str, str]]


@pytest.fixture
def login(client: LambdaClient) -> Login:
    """`login(email)`: an access token and the cookie, as a browser would send it back."""

    def sign_in(email: str, **more: Any) -> tuple[str, str]:
        answer = client("POST", "/v1/auth/login", {"email": email, "password": PASSWORD}, **more)
        assert answer.status == 200, answer.text
        return answer.json["access_token"], answer.cookies[0].split(";")[0]

    return sign_in
