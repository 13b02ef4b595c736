"""Reports of pages: kept for the operator, who reads them in the admin."""

import hashlib
import uuid
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from prompts_app.models import Report, ShareLink, User
from prompts_app.models.reports import LINK
from prompts_app.services import post, turns
from prompts_app.services.visitors import Visitor

# What one connection may send within a day, and what the site takes from all of them.
PER_VISITOR = 5
PER_DAY = 200
# A closed one is of use while somebody may still ask what became of it.
KEPT_AFTER = timedelta(days=180)
_DAY = timedelta(days=1)


class Refused(Exception):  # noqa: N818 - it reads as the condition it is
    """The report was not kept: `code` is "visitor" or "site", whose day is used up."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def page_of(link: ShareLink, below: str) -> str:
    """Return what a report calls the page of a link at a path under it: by the link's id."""
    return f"{LINK}{link.pk}/{below}"


def keep(
    report: uuid.UUID,
    visitor: Visitor,
    *,
    page: str,
    author: User,
    reason: str,
    text: str = "",
    email: str = "",
) -> Report:
    """Keep a report, once: the same number sent again is the report that is there.

    Raises Refused when a limit of the day is reached. The operators get a mail where none is
    waiting for them yet.
    """
    now = timezone.now()
    counted_for = hashlib.sha256(f"{visitor.block}:report".encode()).hexdigest()
    with transaction.atomic():
        # One at a time: the limits hold however many are sent at once.
        turns.wait_for(turns.REPORTS)
        known = Report.objects.filter(pk=report).first()
        if known is not None:
            return known
        today = Report.objects.filter(created_at__gt=now - _DAY)
        if today.filter(visitor=counted_for).count() >= PER_VISITOR:
            raise Refused("visitor")
        if today.count() >= PER_DAY:
            raise Refused("site")
        is_first = not Report.objects.filter(state=Report.State.OPEN).exists()
        kept = Report.objects.create(
            pk=report,
            page=page,
            author=author,
            reason=reason,
            text=text,
            email=email,
            visitor=counted_for,
            created_at=now,
        )
    if is_first:
        _tell_operators(kept)
    return kept


def close(report: Report, state: Report.State, action: str = "") -> None:
    """Say what became of a report."""
    report.state = state
    report.action = action or report.action
    report.closed_at = timezone.now()
    report.save(update_fields=["state", "action", "closed_at"])


def forget_closed() -> int:
    """Delete reports that were closed long ago; return how many."""
    return Report.objects.filter(closed_at__lt=timezone.now() - KEPT_AFTER).delete()[0]


def _tell_operators(report: Report) -> None:
    operators = User.objects.filter(is_staff=True, is_active=True)
    for operator in operators.only("email", "language"):
        with translation.override(operator.language or settings.LANGUAGE_CODE):
            body = render_to_string(
                "reports/mail.txt",
                {
                    "page": report.page if report.is_of_link else settings.SITE_URL + report.page,
                    "is_of_link": report.is_of_link,
                    "reason": report.get_reason_display(),
                    "list": settings.SITE_URL + reverse("admin:prompts_app_report_changelist"),
                },
            )
            post.hand_over(
                EmailMessage(subject=_("A page was reported"), body=body, to=[operator.email])
            )
