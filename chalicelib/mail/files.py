"""A folder with one .eml file a message, for machines without a mail server. Any mail program opens them."""

import os
from email.message import EmailMessage
from pathlib import Path

from chalicelib.mail.ports import Unreachable


class FolderPort:
    """The file is named after the Message-ID: a message that is sent twice is there once, and names sort by
    time. For their owner's eyes only, since links in mails open accounts."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def send(self, mail: EmailMessage) -> None:
        name = str(mail["Message-ID"]).strip("<>").split("@")[0]
        target = self._folder / f"{name}.eml"
        partial = target.with_suffix(f".{os.getpid()}.new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(mail.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise Unreachable(f"{type(error).__name__}: {self._folder}") from error
