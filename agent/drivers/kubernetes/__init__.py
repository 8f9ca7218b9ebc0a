"""Sessions as pods of one namespace of a cluster. Every object carries the controller's label, and what does
not is never touched. Nothing is kept that could not be read back: state is in annotations of StatefulSets.

`driver` puts the rest in order:

    start, making, attending, removal, endings    what is done to a session, step by step
    instances, watches, rooms, reach              what is there, changes, fits; how it is reached
    naming, manifests, pod, policy, settings      pure: what is written
    seen, stages, reasons, capacity, quantities   pure: what is read, in words for people

At the edge, `cluster` alone calls the API server (`calling`: one call and its attempts; `access`: with whose
credentials; `kinds`: where it keeps what; `watch`, `reflector`: what changes there, without polling).
`errors` alone reads the texts of its refusals, and `forward` is the way to sessions from outside (`channel`:
opening it; `splicing`: what goes through).
"""
