"""Who the agent is to the cluster: the pod's own service account, or a kubeconfig file.

What is found is read anew whenever the API server says 401, since tokens and certificates rotate under a
running agent. (The client's own refresh looks at the token file once a minute only.)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes.client import Configuration
from kubernetes.config import ConfigException, list_kube_config_contexts, load_kube_config
from kubernetes.config.incluster_config import InClusterConfigLoader
from yaml import YAMLError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
POOL = 128
"""Connections kept open: one for each of the worker's driver threads (96), watches and the stream plane."""


@dataclass(frozen=True)
class Access:
    """`configure` reads credentials afresh. Raises what the client raises for files that are not there."""

    inside: bool
    configure: Callable[[], Configuration]
    namespace: str | None = None
    """What they are for: the pod's own, or the context's; None if that is not known."""


def find_access(
    environment: Mapping[str, str], *, context: str | None = None, account: Path = SERVICE_ACCOUNT
) -> Access:
    """A kubeconfig that was named (KUBECONFIG, or one of its contexts) wins over the pod's own account;
    ~/.kube/config is for who has neither."""
    named = environment.get("KUBECONFIG")
    inside = bool(environment.get("KUBERNETES_SERVICE_HOST")) and (account / "token").is_file()
    if inside and not named and not context:
        own = _own_namespace(account)
        return Access(inside=True, configure=lambda: _own_account(environment, account), namespace=own)
    file = named or str(Path(environment.get("HOME", "~")).expanduser() / ".kube" / "config")
    named_there = _context_namespace(file, context)
    return Access(inside=False, configure=lambda: _kubeconfig(file, context), namespace=named_there)


def _own_namespace(account: Path) -> str | None:
    """The namespace of the pod that the agent runs in."""
    try:
        return (account / "namespace").read_text().strip() or None
    except OSError:
        return None


def _context_namespace(file: str, context: str | None) -> str | None:
    """As kubectl takes it."""
    read: Any = list_kube_config_contexts
    try:
        contexts, current = read(file)
    except (ConfigException, OSError, YAMLError):  # the first call says so
        return None
    found = next((each for each in contexts if each.get("name") == context), None) if context else current
    return ((found or {}).get("context") or {}).get("namespace") or None


def _own_account(environment: Mapping[str, str], account: Path) -> Configuration:
    configuration = _blank()
    loader: Any = InClusterConfigLoader
    token, authority = str(account / "token"), str(account / "ca.crt")
    loader(token_filename=token, cert_filename=authority, environ=environment).load_and_set(configuration)
    return configuration


def _kubeconfig(file: str, context: str | None) -> Configuration:
    configuration = _blank()
    # Nothing is written back: the file may be mounted read-only, and is the user's.
    load: Any = load_kube_config
    load(file, context, client_configuration=configuration, persist_config=False)
    return configuration


def _blank() -> Configuration:
    configuration = Configuration()
    configuration.connection_pool_maxsize = POOL
    configuration.keep_alive = True
    # urllib3's own retries would sleep for as long as any Retry-After says; `cluster.py` bounds them.
    configuration.retries = False
    return configuration
