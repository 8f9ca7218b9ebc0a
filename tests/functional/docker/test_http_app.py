"""An HTTP app is reached by the host and reaches nothing itself."""

import pytest

from agent.drivers.base import Step
from agent.drivers.handshake import http_answers
from chalicelib.core.ids import new_id
from chalicelib.protocol.instances import Network
from tests.contract.drivers.docker_adapter import DockerAdapter
from tests.contract.drivers.tiny_image import HTTP_ANSWER

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("network", list(Network))
def test_an_http_app_answers_and_leaves_nothing(controller: DockerAdapter, network: Network) -> None:
    driver, session, steps = controller.open(), new_id("ses"), list[Step]()
    command = ("/usr/bin/listen", "8888", HTTP_ANSWER)
    spec = controller.spec(session, protocol="http", port=8888, command=command, network=network)
    driver.start(spec, steps.append)
    endpoint = driver.endpoint(session)
    assert endpoint is not None
    assert endpoint.host is not None
    assert endpoint.port == 8888
    assert endpoint.password is None
    assert http_answers(endpoint.host, endpoint.port)
    for host in ("172.17.0.1", endpoint.host.rsplit(".", 1)[0] + ".1"):
        assert controller.exec(session, "perl", "/usr/bin/reach", host, "22") in {
            "refused",
            "timeout",
            "Network is unreachable",
        }
    driver.remove(session, delete_home=True)
    assert controller.remains(session) == []
