"""How much fits: what an agent holds, what a queue carries, what comparing and sweeping cost as they grow.

`python -m tests.performance.bounds` measures it and says whether cost is linear; `test_bounds.py` holds the
counted half of it in every test run. docs/BOUNDS.md says what the figures mean.

* Counted, in this process: `rig.py` is a control plane on an emulator, `crowd.py` puts many sessions on it,
  `reconciling.py`, `sweeping.py`, `looking.py` and `commanding.py` count what one thing costs.
* Timed, on a local stack: `site.py` runs it with agents on fake platforms, `holding.py` weighs an agent,
  `carrying.py` sends commands through a queue and, in turn with it, plain messages.

What belongs elsewhere: how fast one session starts and what one use case costs (`bench.py`).
"""
