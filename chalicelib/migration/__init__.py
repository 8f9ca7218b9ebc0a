"""Migration: templates and sessions of the original StreamSpace (`stream.space/v1alpha1`), from its YAML.

Rules: nothing is carried over in silence: whatever is lost or becomes something else is in the report, by the
path of its field. Importing twice makes nothing twice. What is here already is left as it is.

Where to look: `reading.py` text to manifests; `templates.py` and `sessions.py` what one becomes (pure);
`service.py` doing it. Source of the fields: the original's resource definitions, both generations of them.

What does not belong here: files in homes (they are on the old system's volumes), people, secrets.
"""
