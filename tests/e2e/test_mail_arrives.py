"""The local stack puts mails where its README says."""

import httpx
import pytest

from tests.support import mailbox
from tests.support.stack import Stack, wait_until

pytestmark = pytest.mark.e2e


def test_a_mail_that_was_asked_for_is_in_the_folder(stack: Stack):
    answer = httpx.post(f"{stack.url}/v1/auth/password-reset", json={"email": stack.email})
    assert answer.status_code == 202, answer.text
    folder = stack.home / "mail"
    [mail] = wait_until(lambda: mailbox.read(folder), 30)
    assert mail["To"] == stack.email
    assert mailbox.link(mail).startswith(f"{stack.url}/reset-password#token=")
    unknown = httpx.post(f"{stack.url}/v1/auth/password-reset", json={"email": "nobody@example.org"})
    assert (unknown.status_code, unknown.text) == (answer.status_code, answer.text)
