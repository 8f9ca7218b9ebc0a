"""`TenantStore` and `TemplateStore`."""

from dataclasses import replace

import pytest

from chalicelib.catalog.models import DynamoTemplateStore
from chalicelib.catalog.store import TemplateStore
from chalicelib.core.errors import Conflict
from chalicelib.core.unit_of_work import ConditionFailed
from chalicelib.tenancy.logos import Logo
from chalicelib.tenancy.models import DynamoTenantStore
from chalicelib.tenancy.rules import Branding, TenantSettings, TenantState
from chalicelib.tenancy.store import TenantStore
from tests.contract.stores import examples
from tests.contract.stores.examples import commit

pytestmark = pytest.mark.usefixtures("storage")
TENANTS: TenantStore = DynamoTenantStore()
TEMPLATES: TemplateStore = DynamoTemplateStore()


def test_a_tenant_and_its_slug(tenant_id: str) -> None:
    one = examples.tenant(tenant_id)
    assert TENANTS.get(tenant_id) is None
    commit(TENANTS.add(one))
    assert TENANTS.get(tenant_id) == one
    assert TENANTS.id_of(one.slug) == tenant_id
    assert TENANTS.id_of("none") is None
    assert one in list(TENANTS.all())


def test_a_slug_is_taken_once(tenant_id: str) -> None:
    one = examples.tenant(tenant_id)
    commit(TENANTS.add(one))
    other = replace(one, id=f"{tenant_id}2")
    with pytest.raises(Conflict) as refused:
        commit(TENANTS.add(other))
    assert refused.value.code == "slug_taken"
    assert TENANTS.get(other.id) is None
    with pytest.raises(ConditionFailed):  # the tenant's own row comes first
        commit(TENANTS.add(one))


def test_a_tenant_changes_as_it_was_read(tenant_id: str) -> None:
    one = examples.tenant(tenant_id)
    with pytest.raises(ConditionFailed):
        commit(TENANTS.change(one, replace(one, name="Ghost")))
    commit(TENANTS.add(one))
    settings = TenantSettings(allowed_images=("a/*",), ip_allow_list=("10.0.0.0/8",), invitation_days=3)
    after = replace(
        one,
        state=TenantState.SUSPENDED,
        reason="unpaid",
        settings=settings,
        branding=Branding("#123456", True),
    )
    commit(TENANTS.change(one, after))
    assert TENANTS.get(tenant_id) == replace(after, revision=1)
    with pytest.raises(ConditionFailed):
        commit(TENANTS.change(one, replace(one, name="Late")))
    commit(TENANTS.change(replace(after, revision=1), one))
    assert TENANTS.get(tenant_id) == replace(one, revision=2)


def test_logos_and_leaving(tenant_id: str) -> None:
    one, logo = examples.tenant(tenant_id), Logo("image/png", bytes(range(256)))
    commit(TENANTS.add(one), TENANTS.set_logo(tenant_id, logo))
    assert TENANTS.logo(tenant_id) == logo
    commit(TENANTS.set_logo(tenant_id, None))
    assert TENANTS.logo(tenant_id) is None
    commit(TENANTS.set_logo(tenant_id, logo))
    commit(TENANTS.remove(one))
    assert (TENANTS.get(tenant_id), TENANTS.id_of(one.slug), TENANTS.logo(tenant_id)) == (None, None, None)


def test_a_template_is_replaced_by_its_next_version(tenant_id: str) -> None:
    one = examples.template(tenant_id, env={"A": "b"}, command=("x", "y"), controller_labels={"a": "b"})
    with pytest.raises(ConditionFailed):
        commit(TEMPLATES.replace(replace(one, version=2)))
    commit(TEMPLATES.add(one))
    with pytest.raises(ConditionFailed):
        commit(TEMPLATES.add(one))
    second = replace(one, version=2, name="New")
    commit(TEMPLATES.replace(second))
    for version in (2, 4):
        with pytest.raises(ConditionFailed):
            commit(TEMPLATES.replace(replace(one, version=version)))
    assert TEMPLATES.get(tenant_id, one.id) == second
    commit(TEMPLATES.remove(one))
    assert TEMPLATES.get(tenant_id, one.id) is None


def test_templates_are_listed_counted_and_erased(tenant_id: str) -> None:
    ids = [f"tpl-{number}" for number in range(7)]
    for each in reversed(ids):
        commit(TEMPLATES.add(examples.template(tenant_id, id=each, enabled=each != "tpl-3")))
    assert TEMPLATES.count(tenant_id) == 7
    for limit in (1, 2, 5, 10):
        found, after = TEMPLATES.page(tenant_id, limit=limit, after=None, shown=lambda each: each.enabled)
        seen = [each.id for each in found]
        while after is not None:
            found, after = TEMPLATES.page(
                tenant_id, limit=limit, after=after, shown=lambda each: each.enabled
            )
            seen += [each.id for each in found]
        assert seen == [each for each in ids if each != "tpl-3"], limit
    assert TEMPLATES.erase(tenant_id)
    assert TEMPLATES.count(tenant_id) == 0
