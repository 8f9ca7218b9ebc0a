"""Platforms. `base.py` is the contract; each platform is a folder (or, for the fake, a file) of its own.

A driver speaks to its platform and nothing else: no control plane, no streams, no policy. The contract
suite in tests/contract runs unchanged against every driver.
"""
