"""The agent's command line: enroll, run, status. It parses, calls, and says what happened in plain words.

What does not belong here: anything that another program would want to call (agent/client, agent/worker).
"""
