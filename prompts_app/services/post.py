"""Mail about accounts, sent beside the request that asks for it.

A mail server takes its time, and only where there is somebody to write to: a person who asks for a
link must not be able to tell by the clock whether there is an account.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait

from django.core.mail import EmailMessage

log = logging.getLogger("promptfolio.post")

# More than these wait only where a mail server hangs; they would come too late to help.
MOST_WAITING = 200
# Their work under way is finished before the process ends.
_carriers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="post")
_under_way: set[Future[None]] = set()


def hand_over(message: EmailMessage) -> None:
    """Send `message` in a moment. What cannot be sent is logged, without the address."""
    if len(_under_way) >= MOST_WAITING:
        log.error("a mail about an account was dropped: %s are waiting", len(_under_way))
        return
    task = _carriers.submit(_send, message)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


def delivered() -> None:
    """Wait until all that was handed over so far is sent, or could not be."""
    wait(set(_under_way))


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception as error:
        # Its text may hold the address.
        log.error("a mail about an account could not be sent: %s", type(error).__name__)
