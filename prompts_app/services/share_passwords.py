"""How often a share link's password may be tried, by one visitor and by all together."""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from prompts_app.models import ShareLink
from prompts_app.services.visitors import Visitor

PER_VISITOR = 10
PER_LINK = 50
WITHIN = timedelta(hours=1)

# When, and by whom (services/visitors.py).
_Attempts = list[tuple[datetime, str]]


class TooMany(Exception):  # noqa: N818 - it reads as the condition it is
    """The password was tried too often; `until` says when it may be tried again."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too_many")
        self.until = until


def note_attempt(link: ShareLink, visitor: Visitor) -> None:
    """Count an attempt before its password is looked at. Raises TooMany."""
    with transaction.atomic():
        attempts = _attempts(link)
        every = [at for at, _visitor in attempts]
        own = [at for at, key in attempts if key == visitor.key]
        full = [
            times[-most]
            for times, most in ((own, PER_VISITOR), (every, PER_LINK))
            if len(times) >= most
        ]
        if full:
            raise TooMany(max(full) + WITHIN)
        _keep(link, [*attempts, (timezone.now(), visitor.key)])


def forget_attempts(link: ShareLink, visitor: Visitor) -> None:
    """Forget those of a visitor who knows the password."""
    with transaction.atomic():
        _keep(link, [one for one in _attempts(link) if one[1] != visitor.key])


def _attempts(link: ShareLink) -> _Attempts:
    """Return what was tried within the hour, oldest first, and let nobody else count meanwhile."""
    ShareLink.objects.select_for_update().only("pk").get(pk=link.pk)
    since = timezone.now() - WITHIN
    return [one for one in cache.get(_key(link), []) if one[0] > since]


def _keep(link: ShareLink, attempts: _Attempts) -> None:
    cache.set(_key(link), attempts, int(WITHIN.total_seconds()))


def _key(link: ShareLink) -> str:
    return f"share-password:{link.pk}"
