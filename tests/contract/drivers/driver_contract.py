"""The driver contract as checks. Each takes an adapter and fails by assertion or by an unexpected error."""

from tests.contract.drivers import driver_interruptions, driver_lifecycle
from tests.contract.drivers.driver_check import CHECKS, Check

__all__ = ["CHECKS", "Check", "driver_interruptions", "driver_lifecycle"]
