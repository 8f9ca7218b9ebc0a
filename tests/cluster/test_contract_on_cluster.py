"""The driver contract, unchanged, on a real cluster."""

from collections.abc import Iterator

import pytest

from tests.contract.drivers.driver_adapter import Capability
from tests.contract.drivers.driver_contract import CHECKS, Check
from tests.contract.drivers.kubernetes_adapter import KubernetesAdapter, Site


@pytest.fixture
def adapter(site: Site) -> Iterator[KubernetesAdapter]:
    """A controller of each check's own."""
    made = KubernetesAdapter(site)
    yield made
    made.close()


@pytest.mark.parametrize(("check", "needs"), CHECKS, ids=[check.__name__ for check, _ in CHECKS])
def test_driver_contract_on_a_cluster(
    check: Check, needs: frozenset[Capability], adapter: KubernetesAdapter
) -> None:
    if not needs <= adapter.capabilities:
        pytest.skip(f"this platform has no {', '.join(needs - adapter.capabilities)}")
    check(adapter)
