"""How the agent reaches a Kubernetes cluster.

`agent/` is the Helm chart. `manifests.yaml` is what it renders to, for clusters without Helm, and
`install.sh` fills that in and applies it; `python -m infra.charts.render` writes it anew after a change of
the chart.

`pack` makes what `/install` hands out of them, `helm` fetches the pinned Helms that tests and `render` use.
What does not belong here: what the agent does in a cluster (`agent/drivers/kubernetes`), and how its image is
made (`infra/images/agent`).
"""
