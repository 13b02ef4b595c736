"""The mail that tells an author that links were opened: at most one a day for each link."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Count, F, Min, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from prompts_app.models import ShareLink, User, Visit

log = logging.getLogger("promptfolio.mail")

_ONCE_IN = timedelta(hours=24)
# A mail that could not be sent for so long is no news any more.
_STALE_AFTER = timedelta(days=3)


def tell_of_opens() -> int:
    """Mail authors what was opened since they were last told; return how many mails were sent.

    Only visits with an interaction, or of five seconds, are told of; what one author's links saw
    is one mail. A mail that fails is sent in a later round.
    """
    now = timezone.now()
    found = (
        Visit.objects.filter(
            Q(link__told_at__isnull=True)
            | Q(link__told_at__lte=now - _ONCE_IN, link__told_at__lt=F("began_at")),
            kind=Visit.Kind.HUMAN,
            interacted=True,
            began_at__gt=now - _STALE_AFTER,
            link__owner__is_active=True,
        )
        .order_by()
        .values_list("link")
        .annotate(opens=Count("pk"), first=Min("began_at"))
    )
    opened = {key: (opens, first) for key, opens, first in found}
    of_owner: dict[User, list[ShareLink]] = defaultdict(list)
    due = ShareLink.objects.filter(pk__in=opened).exclude(told_at__gt=now - _ONCE_IN)
    for link in due.select_related("owner"):
        of_owner[link.owner].append(link)
    return sum(_tell(owner, links, opened, now) for owner, links in of_owner.items())


def _tell(owner: User, links: Sequence[ShareLink], opened: dict[object, tuple[int, datetime]],
          now: datetime) -> bool:  # fmt: skip
    """Send one mail, unless another worker does; say whether it was sent."""
    # Marked first, so that a worker killed while it sends does not send again: better no mail
    # than two.
    mine = [
        link
        for link in links
        if ShareLink.objects.filter(pk=link.pk, told_at=link.told_at).update(told_at=now)
    ]
    if not mine:
        return False
    context = {
        "opened": [(link, *opened[link.pk]) for link in mine],
        "site_url": settings.SITE_URL,
    }
    with translation.override(owner.language or settings.LANGUAGE_CODE):
        subject = render_to_string("shares/mail/opened_subject.txt", context)
        body = render_to_string("shares/mail/opened.txt", context)
    try:
        send_mail(" ".join(subject.split()), body, None, [owner.email])
    except (OSError, SMTPException) as error:
        # What the server says may hold the address.
        log.warning("no mail for account %s: %s", owner.pk, type(error).__name__)
        for link in mine:
            ShareLink.objects.filter(pk=link.pk, told_at=now).update(told_at=link.told_at)
        return False
    return True
