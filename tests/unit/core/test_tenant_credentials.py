"""Credentials follow confinement: one set a tenant, asked for once, renewed in time, and no way around."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import ClientError

from chalicelib.core.confinement import confined_to
from chalicelib.core.credentials import ConfinedCredentials, Granted, TenantCredentials
from chalicelib.core.errors import Unavailable

ONE, TWO = "ten-01kb0000000000000000000001", "ten-01kb0000000000000000000002"
LIFETIME = 3600


class Sts:
    """Grants credentials that say whose they are."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.asked: Counter[str] = Counter()
        self.broken = False
        self.gate: threading.Event | None = None

    def assume(self, tenant_id: str) -> Granted:
        self.asked[tenant_id] += 1
        if self.gate is not None:
            assert self.gate.wait(5)
        if self.broken:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")
        name = f"{tenant_id}/{self.asked[tenant_id]}"
        return Granted(ReadOnlyCredentials(name, "secret", "token", None), self.now + LIFETIME)

    def credentials(self) -> TenantCredentials:
        return TenantCredentials(self.assume, lambda: self.now)


@pytest.fixture
def sts() -> Sts:
    return Sts()


def test_what_is_signed_with_depends_on_the_context(sts: Sts) -> None:
    confined = ConfinedCredentials(Credentials("own", "secret"), sts.credentials())
    assert confined.get_frozen_credentials().access_key == "own"
    with confined_to(ONE):
        assert confined.get_frozen_credentials().access_key == f"{ONE}/1"
        with confined_to(TWO):
            assert confined.get_frozen_credentials().access_key == f"{TWO}/1"
        assert confined.get_frozen_credentials().access_key == f"{ONE}/1"
    assert confined.get_frozen_credentials().access_key == "own"
    assert sts.asked == {ONE: 1, TWO: 1}


def test_threads_wait_for_one_question_a_tenant(sts: Sts) -> None:
    credentials = sts.credentials()
    sts.gate = threading.Event()
    with ThreadPoolExecutor(16) as pool:
        found = [pool.submit(credentials.of, (ONE, TWO)[number % 2]) for number in range(16)]
        sts.gate.set()
        names = [each.result().access_key for each in found]
    assert sts.asked == {ONE: 1, TWO: 1}
    assert names == [f"{ONE}/1", f"{TWO}/1"] * 8


def test_they_are_renewed_before_they_expire(sts: Sts) -> None:
    credentials = sts.credentials()
    credentials.of(ONE)
    sts.now += LIFETIME - 301
    assert credentials.of(ONE).access_key == f"{ONE}/1"
    sts.now += 2
    assert credentials.of(ONE).access_key == f"{ONE}/2"


def test_without_an_answer_there_is_an_error_and_no_way_around(sts: Sts) -> None:
    sts.broken = True
    confined = ConfinedCredentials(Credentials("own", "secret"), sts.credentials())
    with confined_to(ONE), pytest.raises(Unavailable):
        confined.get_frozen_credentials()


def test_a_failed_renewal_uses_what_is_still_good_and_nothing_else(sts: Sts) -> None:
    credentials = sts.credentials()
    credentials.of(ONE)
    sts.broken = True
    sts.now += LIFETIME - 60
    assert credentials.of(ONE).access_key == f"{ONE}/1"
    sts.now += 60
    with pytest.raises(Unavailable):
        credentials.of(ONE)
    sts.broken = False
    assert credentials.of(ONE).access_key.startswith(ONE)


@pytest.mark.parametrize("tenant_id", ["*", "ten-*", "ten-a", "usr-01kb0000000000000000000001", "ten-a#b"])
def test_only_a_tenants_id_becomes_a_tag(sts: Sts, tenant_id: str) -> None:
    with pytest.raises(Unavailable):
        sts.credentials().of(tenant_id)
    assert not sts.asked
