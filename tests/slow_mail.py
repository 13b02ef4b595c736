"""A mail server that takes mail only once it is told to."""

import threading
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

# Seconds after which a test that forgot to is not held up any longer.
MOST = 20
may_go_on = threading.Event()
taken: list[str] = []


class SlowBackend(BaseEmailBackend):
    """Waits for `may_go_on`, and writes down in `taken` for whom a mail was."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Say that all were taken, later."""
        may_go_on.wait(MOST)
        taken.extend(address for mail in email_messages for address in mail.to)
        return len(email_messages)
