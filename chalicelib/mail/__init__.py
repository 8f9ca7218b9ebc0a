"""Mails: a request is a row that commits with the change it is about; composing and sending come after.

Rules: no use case sends a mail itself, so none waits for a mail server or fails with it. At least once: a
request stays until its mails were handed over or are refused for good, and one message keeps one Message-ID.
Rows hold ids and names, never secrets: links are signed when the mail is composed. What does not belong here:
what a mail says (each capability composes its own, from `rendering`'s frame).
"""
