"""InstanceSpec in, Docker's request out: by equality, so that no hardening can fall out unseen."""

from pathlib import Path

import pytest

from agent.drivers.docker.naming import NetworkKind
from agent.drivers.docker.spec import create_body, environment, network_kind
from chalicelib.protocol.instances import Display, InstanceSpec, Network, Resources

MIB = 2**20
CONTROLLER = "ctl-01m81z574688wpe9q9g81h0rmg"
TENANT = "ten-01m81z574688wpe9q9g81h0rmh"
SESSION = "ses-01m81z574688wpe9q9g81h0rmj"
DIRECTORY = Path("/run/streamspace") / CONTROLLER / SESSION


def spec(**changes: object) -> InstanceSpec:
    fields: dict[str, object] = {
        "tenant_id": TENANT,
        "session_id": SESSION,
        "incarnation": 3,
        "image": "streamspace/terminal:dev",
        "resources": Resources(cpu_millis=1500, memory_bytes=512 * MIB),
    }
    return InstanceSpec.model_validate(fields | changes)


OWNER = {
    "streamspace.controller": CONTROLLER,
    "streamspace.tenant": TENANT,
    "streamspace.session": SESSION,
}


def test_the_whole_request() -> None:
    assert create_body(CONTROLLER, spec(env={"LANG": "C.UTF-8"}), DIRECTORY) == {
        "Image": "streamspace/terminal:dev",
        "Hostname": "session",
        "User": "1000:1000",
        "Env": [
            "LANG=C.UTF-8",
            "STREAMSPACE_CLIPBOARD_IN=1",
            "STREAMSPACE_CLIPBOARD_OUT=1",
            "STREAMSPACE_FRAME_RATE=120",
            "STREAMSPACE_HEIGHT=800",
            "STREAMSPACE_WIDTH=1280",
        ],
        "Labels": OWNER
        | {
            "streamspace.incarnation": "3",
            "streamspace.protocol": "vnc",
            "streamspace.network": "none",
            "streamspace.cpu-millis": "1500",
            "streamspace.memory-bytes": str(512 * MIB),
        },
        "Healthcheck": {"Test": ["NONE"]},
        "StopTimeout": 10,
        "HostConfig": {
            "Init": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "ReadonlyRootfs": True,
            "Tmpfs": {
                "/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={256 * MIB}",
                "/var/tmp": f"rw,noexec,nosuid,nodev,mode=1777,size={256 * MIB}",
                "/run": f"rw,noexec,nosuid,nodev,mode=0755,uid=1000,gid=1000,size={16 * MIB}",
            },
            "Mounts": [
                {
                    "Type": "bind",
                    "Source": str(DIRECTORY),
                    "Target": "/streamspace",
                    "BindOptions": {"Propagation": "rprivate"},
                },
                {
                    "Type": "volume",
                    "Source": f"streamspace-home-{SESSION}",
                    "Target": "/home/user",
                    "VolumeOptions": {"Labels": OWNER},
                },
            ],
            "NetworkMode": "none",
            "IpcMode": "private",
            "NanoCpus": 1_500_000_000,
            "Memory": 512 * MIB,
            "MemorySwap": 512 * MIB,
            "PidsLimit": 512,
            "ShmSize": 64 * MIB,
            "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],
            "RestartPolicy": {"Name": "no"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
        },
    }


def test_a_template_cannot_override_what_carries_policy() -> None:
    made = environment(spec(env={"STREAMSPACE_CLIPBOARD_OUT": "1", "A": "b"}, clipboard_out=False))
    assert "STREAMSPACE_CLIPBOARD_OUT=0" in made
    assert "STREAMSPACE_CLIPBOARD_OUT=1" not in made
    assert "A=b" in made


def test_the_display_reaches_the_image() -> None:
    made = environment(spec(display=Display(width=1920, height=1080, frame_rate=60)))
    assert {"STREAMSPACE_WIDTH=1920", "STREAMSPACE_HEIGHT=1080", "STREAMSPACE_FRAME_RATE=60"} <= set(made)


def test_a_command_replaces_the_images() -> None:
    assert create_body(CONTROLLER, spec(command=("a", "b")), DIRECTORY)["Cmd"] == ["a", "b"]
    assert "Cmd" not in create_body(CONTROLLER, spec(), DIRECTORY)


def test_a_passing_home_is_memory() -> None:
    host = create_body(CONTROLLER, spec(persistent_home=False), DIRECTORY)["HostConfig"]
    assert [mount["Type"] for mount in host["Mounts"]] == ["bind"]
    assert "/home/user" in host["Tmpfs"]


def test_a_template_may_ask_for_a_writable_root() -> None:
    host = create_body(CONTROLLER, spec(read_only_root=False), DIRECTORY)["HostConfig"]
    assert host["ReadonlyRootfs"] is False
    assert host["CapDrop"] == ["ALL"], "and for nothing else with it"


@pytest.mark.parametrize(
    ("network", "protocol", "kind"),
    [
        (Network.NONE, "vnc", NetworkKind.NONE),
        (Network.NONE, "http", NetworkKind.INNER),
        (Network.INTERNET, "vnc", NetworkKind.INTERNET),
        (Network.INTERNET, "http", NetworkKind.INTERNET),
    ],
)
def test_networks(network: Network, protocol: str, kind: NetworkKind) -> None:
    assert network_kind(spec(network=network, protocol=protocol, port=80)) is kind


def test_the_network_is_the_controllers_own() -> None:
    host = create_body(CONTROLLER, spec(network=Network.INTERNET), DIRECTORY)["HostConfig"]
    assert host["NetworkMode"] == f"streamspace-{CONTROLLER}"
