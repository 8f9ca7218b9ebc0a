"""Rules broken on purpose, one at a time: what the simulation must notice.

Each names the invariant that is expected to notice it, by words of what is then said. Left out on purpose are
faults that the design heals in a second way, so that nobody can tell them from bad luck: a reference that is
not sent (the sweeper and the inventory send it), a result that is not on disk (the lease runs out, and the
work is found done), a message that is not deleted (its claim is refused).
"""

from tests.simulation.broken_lanes import LANES
from tests.simulation.broken_reports import REPORTS
from tests.simulation.broken_states import STATES
from tests.simulation.mutation import Mutation

__all__ = ["MUTATIONS", "Mutation"]

MUTATIONS = (*LANES, *STATES, *REPORTS)
