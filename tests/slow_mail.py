"""A mail server that takes its time: each mail half a second."""

import threading
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class SlowBackend(BaseEmailBackend):
    """Takes mail slowly and keeps none."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Say that all were taken, later."""
        # What is measured is that nobody waits for it.
        threading.Event().wait(0.5)
        return len(email_messages)
