"""A store that does not answer is 503 with advice, not a fault of ours."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from pynamodb.exceptions import GetError, PutError

from chalicelib.core.outage import is_outage


def _client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetItem")


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="http://x"),
        ReadTimeoutError(endpoint_url="http://x"),
        GetError("x", EndpointConnectionError(endpoint_url="http://x")),
        PutError("x", _client_error("ThrottlingException")),
    ],
)
def test_outages(error):
    assert is_outage(error)


@pytest.mark.parametrize("error", [ValueError("x"), _client_error("ValidationException"), None])
def test_faults(error):
    assert not is_outage(error)


def test_an_unreachable_store_is_503(monkeypatch):
    from chalice.app import Chalice

    from chalicelib.core.api import Api, anonymous
    from tests.support.lambda_client import LambdaClient

    api = Api("test", anonymous, security=None)

    @api.get("/x", answers={"type": "object"})
    def view(_call):
        """Fails."""
        raise GetError("x", EndpointConnectionError(endpoint_url="http://x"))

    app = Chalice(app_name="test")
    app.register_blueprint(api.blueprint)
    answer = LambdaClient(app)("GET", "/x")
    assert answer.status == 503
    assert answer.json["code"] == "unavailable"
    assert answer.headers["retry-after"] == "2"
