"""The command plane in a bottle: the real rules, services and agent loops on a clock that jumps (design §10).

    python -m tests.simulation --seeds 1000 --start 0 --jobs 2 --json

One seed is one run of one world: a tenant's people, controllers, agents and their machines, over a network, a
queue, tables and platforms that lose, repeat, delay, refuse and forget. Same seed, same run. Read in this
order:

* `loop.py` the virtual event loop and processes that can die; `weaving.py` synchronous code as greenlets that
  other code runs between; `chance.py` all luck, one stream per kind of fault; `sources.py` where ids and
  clocks come from.
* `tables.py` faults and yields around each store call; `plane.py` the control plane as `app.py` builds it;
  `gateway.py` its HTTP door for agents; `network.py` the wire; `queues.py` SQS; `platforms.py` backends that
  act late; `disks.py` state folders; `machines.py` hosts with an agent.
* `people.py` and `admins.py` want things; `weather.py` breaks things.
* `chronicle.py` watches every row that changes, `watching.py` platforms and machines; `invariants.py` says
  what must hold after each step and `quiescence.py` what must hold once all is calm; `exam.py` asks for all
  of it once more; `founding.py` and `world.py` put one run together.
* `runner.py` many seeds, `shrink.py` the shortest useful trace of one that failed.

Rules: nothing here reads a wall clock, a hash order or a global random; product code is patched only in
`sources.py` and `disks.py`, and only where it asks for time, chance or a file. An invariant that knows an
exception says why and for how long beside it. What does not belong here: rules of the product itself.
"""
