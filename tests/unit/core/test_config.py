"""One object from the environment."""

from chalicelib.core.config import Timings, read


def test_defaults_and_overrides():
    assert read({}).public_url == "http://localhost:8080"
    chosen = read(
        {
            "STREAMSPACE_PUBLIC_URL": "https://stream.example/",
            "STREAMSPACE_RELAY_URLS": "wss://a.example/, wss://b.example",
            "STREAMSPACE_INTERVAL_DIVISOR": "20",
            "AWS_REGION": "eu-central-1",
        }
    )
    assert chosen.agent_authority == "stream.example"
    assert chosen.secure_cookies
    assert chosen.relay_urls == ("wss://a.example", "wss://b.example")
    assert chosen.region == "eu-central-1"
    assert chosen.timings.lease == 6
    assert chosen.timings.access_token == 900


def test_dividing_keeps_the_order_of_intervals():
    quick = Timings().divided(20)
    assert quick.lease_margin < quick.renew < quick.lease
    assert quick.heartbeat_busy < quick.heartbeat_idle
    intervals = quick.for_agents(idle=False)
    assert intervals.heartbeat == quick.heartbeat_busy
    assert intervals.renew + intervals.lease_margin < quick.lease
