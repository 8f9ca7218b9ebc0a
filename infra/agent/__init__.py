"""How the agent reaches other machines: what a control plane hands out below `/install`.

    python -m infra.agent.pack FOLDER      writes all of it

`install.sh` is the installer for a Docker host, served as `/install` itself; `infra.charts` has what
clusters take. The local stack serves the folder (`infra/local/server/static.py`); on AWS it is copied to the
bucket that the public URL's distribution serves (`infra/package`). What does not belong here: the agent
(`agent/`).
"""
