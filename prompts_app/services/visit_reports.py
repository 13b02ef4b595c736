"""Visits of share links: counted once the page has been visible for two seconds, and says so.

A page carries a nonce, signed here; its script reports with it (static/js/visit.js). Asking for a
page never counts.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.core import signing
from django.db import transaction
from django.utils import timezone

from prompts_app.models import ShareLink, Visit, VisitDay
from prompts_app.services import days, visitors, visits
from prompts_app.services.visitor_kinds import kind_of

# How long a page may report after it was sent.
NONCE_VALID = timedelta(hours=2)
# The same browser on a page sent so soon after a visit began continues that visit: a reload
# counts nothing.
ONE_VISIT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Nonce:
    """What a page's nonce says: which page it was, when it was sent, and whether to its author."""

    id: uuid.UUID
    sent_at: datetime
    to_owner: bool


@dataclass(frozen=True, slots=True)
class Browser:
    """Who reports; neither the address nor the name the browser calls itself is kept."""

    address: str
    agent: str
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What happened on a page: an interaction, and slugs of entries that came into view."""

    interacted: bool = False
    seen: tuple[str, ...] = ()


def nonce_for(link: ShareLink, *, to_owner: bool = False) -> str:
    """Return the nonce of one page of a link that is being sent now."""
    value = [uuid.uuid4().hex, int(timezone.now().timestamp()), to_owner]
    return _signer(link).sign_object(value)


def read_nonce(link: ShareLink, text: str) -> Nonce | None:
    """Return what a nonce says; None for one that is forged, of another link, or too old."""
    try:
        page, sent, to_owner = _signer(link).unsign_object(text)
    except (signing.BadSignature, ValueError):
        return None
    nonce = Nonce(uuid.UUID(page), datetime.fromtimestamp(sent, UTC), to_owner)
    return nonce if timezone.now() - nonce.sent_at < NONCE_VALID else None


def _signer(link: ShareLink) -> signing.Signer:
    return signing.Signer(salt=f"visit:{link.pk}")


def report(link: ShareLink, nonce: Nonce, browser: Browser, told: Report) -> None:
    """Count a visit of a page, once, and what happened on it.

    A page reports only after two visible seconds, so that whatever comes first makes the visit.
    """
    is_owner = browser.is_owner or nonce.to_owner
    kind = Visit.Kind.OWNER if is_owner else kind_of(browser.agent)
    seen = _entries_of(link, told.seen)
    visit = Visit.objects.filter(pk=nonce.id, link=link).first()
    if visit is not None and not _is_news(visit, told, seen):
        # Whoever sends the same again and again takes no lock.
        return
    today = days.today()
    with transaction.atomic():
        # Held to the end: of two reports at once the second sees what the first has counted.
        day = visits.held(link, today)
        visit = _visit_of(link, nonce, kind, browser) or _begin(link, nonce, kind, browser, day)
        if visit is None:
            return
        new = [key for key in seen if key not in visit.seen]
        if visit.kind == Visit.Kind.HUMAN and new:
            of_visit = day if visit.day == today else visits.held(link, visit.day)
            for key in new:
                of_visit.entries[key] = of_visit.entries.get(key, 0) + 1
            of_visit.save(update_fields=["entries"])
        if _is_news(visit, told, seen):
            visit.seen = [*visit.seen, *new]
            visit.interacted = visit.interacted or told.interacted
            visit.save(update_fields=["seen", "interacted"])


def _is_news(visit: Visit, told: Report, seen: Iterable[str]) -> bool:
    return (told.interacted and not visit.interacted) or not set(seen) <= set(visit.seen)


def _visit_of(link: ShareLink, nonce: Nonce, kind: str, browser: Browser) -> Visit | None:
    """Return the visit a page belongs to: its own, or the one it continues."""
    visit = Visit.objects.filter(pk=nonce.id, link=link).first()
    if visit is not None:
        return visit
    since = nonce.sent_at - ONE_VISIT
    # At midnight the key changes and the person does not.
    keys = [_key(link, browser, day) for day in {since.date(), days.today()}]
    return (
        Visit.objects.filter(
            link=link,
            day__gte=since.date(),
            visitor__in=[key for key in keys if key],
            kind=kind,
            began_at__gt=since,
        )
        .order_by("-began_at")
        .first()
    )


def _begin(
    link: ShareLink, nonce: Nonce, kind: str, browser: Browser, day: VisitDay
) -> Visit | None:
    """Make a visit and add it to its day, unless the day has had as many as are counted."""
    if visits.is_full(day):
        return None
    key = _key(link, browser, day.day)
    is_known = Visit.objects.filter(
        link=link, day=day.day, visitor=key, kind=Visit.Kind.HUMAN
    ).exists()
    visit, created = Visit.objects.get_or_create(
        pk=nonce.id,
        defaults={
            "link": link,
            "kind": kind,
            "day": day.day,
            "visitor": key,
            "began_at": timezone.now(),
        },
    )
    # Otherwise the same page reported before midnight, at this very moment.
    if created:
        if kind == Visit.Kind.HUMAN:
            day.opens += 1
            day.visitors += not is_known
        else:
            day.filtered += 1
        day.save(update_fields=["opens", "visitors", "filtered"])
    return visit


def _key(link: ShareLink, browser: Browser, day: date) -> str:
    return visitors.page_key(day, str(link.pk), browser.address, browser.agent)


def _entries_of(link: ShareLink, slugs: Iterable[str]) -> list[str]:
    """Return the keys of those entries that the link holds."""
    wanted = set(slugs)
    if not wanted:
        return []
    # Compared here: what anybody sends need not be text that a database takes.
    found = link.items.values_list("entry__slug", "entry_id")
    return [str(key) for slug, key in found if slug in wanted]
