"""Every driver passes every check of the contract."""

import pytest

from tests.contract.drivers.driver_adapter import Adapter, Capability
from tests.contract.drivers.driver_contract import CHECKS, Check


@pytest.mark.feature("A cluster runs sessions under the same driver contract as a machine with Docker")
@pytest.mark.parametrize(("check", "needs"), CHECKS, ids=[check.__name__ for check, _ in CHECKS])
def test_driver_contract(check: Check, needs: frozenset[Capability], adapter: Adapter) -> None:
    if not needs <= adapter.capabilities:
        pytest.skip(f"this platform has no {', '.join(needs - adapter.capabilities)}")
    check(adapter)
