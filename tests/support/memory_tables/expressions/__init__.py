"""The expressions of DynamoDB requests: parsed once a text, compiled to functions, cached.

`reading` turns text into the shapes of `syntax`; `conditions` and `updates` compile those; `paths` finds and
replaces what a path names. Names (`#0`) and values (`:0`) are looked up at each call, so that one text serves
all requests that differ in nothing else.
"""
