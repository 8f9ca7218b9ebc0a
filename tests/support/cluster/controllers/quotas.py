"""The quota controller: `status` says the limits and what is used of them."""

from collections.abc import Iterable

from tests.support.cluster.admission import usage
from tests.support.cluster.controllers.base import Controller, Key
from tests.support.cluster.objects import QUOTA, Object, name_of, space_of
from tests.support.cluster.quantities import worded
from tests.support.cluster.store import Change


class Quotas(Controller):
    def concerns(self, change: Change) -> Iterable[Key]:
        for quota in self.store.find(QUOTA, space_of(change.now)):
            yield space_of(quota), name_of(quota)

    def work(self, key: Key) -> None:
        namespace, name = key

        def count(thing: Object) -> None:
            hard = thing["spec"].get("hard") or {}
            used = usage(self.store, namespace, hard)
            thing["status"] = {
                "hard": hard,
                "used": {each: worded(each, value) for each, value in used.items()},
            }

        self.registry.edit(QUOTA, namespace, name, count, part="status")
