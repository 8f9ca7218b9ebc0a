"""A cluster for tests: an HTTP server that speaks the Kubernetes API (as of 1.36) to the official client, and
the controllers, scheduler and nodes behind it. Fake the server, not the client: requests, watches, conflicts,
WebSockets and handshakes are real; what runs in a pod is a coroutine on a loopback address.

store, registry      objects, revisions, and what may happen to them
apply, fields, typed server-side apply: who holds which field
routes, reading      HTTP: verbs, lists in pages, watches; `streams`: port-forward and exec
access               who may, and the record of what was asked (`ApiServer.verbs`)
faults               answers that go wrong on purpose
controllers          StatefulSets, scheduler, kubelet, volumes, garbage, quotas, namespaces, nodes
server               the front: start it, turn its knobs, take it away

What clients must not see here does not belong here: the suites that use it run unchanged on a real cluster.
"""

from tests.support.cluster.access import Question, Rule
from tests.support.cluster.containers import Image
from tests.support.cluster.faults import Fault
from tests.support.cluster.machine import Node
from tests.support.cluster.server import ApiServer

__all__ = ["ApiServer", "Fault", "Image", "Node", "Question", "Rule"]
