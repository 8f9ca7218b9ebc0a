"""Sessions as pods of one namespace of a cluster.

`cluster` is the only module that calls the API server (`access`: with whose credentials; `errors`: what its
refusals mean; `kinds`: where it keeps what; `watch` and `reflector`: what changes there, without polling;
`forward`: a way to a session from outside the cluster).
"""
