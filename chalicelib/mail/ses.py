"""Amazon SES, API version 2."""

from email.message import EmailMessage
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.mail.ports import Refused, Unreachable

_FOR_GOOD = frozenset({"BadRequestException", "InvalidParameterValue"})
"""The message's own fault. All else may be mended: a sender that is not verified (`MessageRejected`), a
paused account, a limit."""


class SesPort:
    """Sends the whole message as it is, so that headers are those that were composed."""

    def __init__(self, region: str) -> None:
        self._region = region

    def send(self, mail: EmailMessage) -> None:
        try:
            self._client.send_email(
                FromEmailAddress=str(mail["From"]),
                Destination={"ToAddresses": [mail["To"].addresses[0].addr_spec]},
                Content={"Raw": {"Data": mail.as_bytes()}},
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _FOR_GOOD:
                raise Refused(code) from error
            raise Unreachable(code) from error
        except BotoCoreError as error:
            raise Unreachable(type(error).__name__) from error

    @cached_property
    def _client(self) -> Any:
        config = Config(connect_timeout=3, read_timeout=8, retries={"total_max_attempts": 2})
        return boto3.client("sesv2", region_name=self._region, config=config)
