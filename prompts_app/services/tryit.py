"""Tries: a visitor runs a published prompt on their own input, inside everybody's limits.

Order: limits and reservation in one short transaction (`admit`), the call with no transaction open
(services/answering.py), settlement whatever happened. Of a group of several columns `admit` keeps
the rows and sets the money aside; each column is then begun by `start`, wherever its own request
arrives.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from prompts_app.models import (
    DraftRun,
    Entry,
    LLMModel,
    Reservation,
    Run,
    ShareLink,
    SiteGrant,
    Spending,
    TestCase,
    Try,
    Version,
)
from prompts_app.models.prepared import Insert, Param, Select
from prompts_app.services import admission, budget, calls, limits, tries
from prompts_app.services.calls import Admitted
from prompts_app.services.cases import with_defaults
from prompts_app.services.evidence import with_receipts
from prompts_app.services.limits import Refused
from prompts_app.services.matrix import measured_against
from prompts_app.services.scopes import Asking
from prompts_app.services.visitors import Visitor

MAX_COLUMNS = 3
_TRIES = Insert(Try)


class NotWaiting(Exception):  # noqa: N818 - it reads as the condition it is
    """The column was begun before, is over, or is no more."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the version that is shown or the baseline, on one of `models_for`."""

    version: Version
    model: LLMModel


def models_for(entry: Entry, kind: str = "") -> list[LLMModel]:
    """Return the models visitors may choose: ticked by the author, usable, of the right kind.

    That is `kind`, of a version that is not the published one.
    """
    granted = SiteGrant.cap_of(entry.owner) is not None
    return _MODELS[granted].rows(owner=entry.owner_id, entry=entry.pk, kind=kind or entry.kind)


def _models(*, granted: bool) -> QuerySet[LLMModel]:
    return (
        LLMModel.objects.usable(Param("owner"), granted=granted)
        .filter(entries=Param("entry"), kind=Param("kind"))
        .order_by("provider_id", "name")
    )


_MODELS = {
    granted: Select(LLMModel, partial(_models, granted=granted)) for granted in (False, True)
}


def baseline_for(version: Version) -> Version | None:
    """Return the version visitors may run beside the one that is shown; None without any.

    It has to make the same kind of thing, and ask for nothing that the form does not.
    """
    entry = version.entry
    baseline = measured_against(version, entry.baseline)
    if baseline is None or baseline.content["kind"] != version.content["kind"]:
        return None
    asked = {one["name"] for one in version.content["variables"]}
    if any(
        one["name"] not in asked and not one["default"] for one in baseline.content["variables"]
    ):
        return None
    baseline.entry = entry
    return baseline


def bound_of(columns: Sequence[Column], values: dict[str, str]) -> int | None:
    """Return the most that columns can cost, in micro-dollars; None where one cannot be run."""
    try:
        return sum(
            admission.plan(
                column.model,
                column.version.content,
                with_defaults(column.version.content, values),
            ).bound
            for column in columns
        )
    except Refused:
        return None


def admit(
    group: uuid.UUID,
    columns: Sequence[Column],
    values: dict[str, str],
    visitor: Visitor,
    link: ShareLink | None = None,
) -> list[Admitted[Try]]:
    """Check every limit, set the money aside and keep the tries, all of them or none.

    `group` is the one-time id. A single column is under way from here on; several wait, each for
    its `start`. `values` are the validated ones of the version that is shown; one that has other
    variables takes the defaults of those. Through a share link, `link`'s allowance and budget take
    the place of what visitors have otherwise. Raises Refused, which is counted for the author, and
    IntegrityError when the one-time id was used before.
    """
    if not 1 <= len(columns) <= MAX_COLUMNS:
        raise ValueError(f"{len(columns)} columns")
    entry = columns[0].version.entry
    try:
        try:
            return _admit(group, columns, values, visitor, link)
        except Refused as refusal:
            # Without a worker nobody may have noticed yet what is free again.
            if refusal.code not in limits.MONEY_CODES or not tries.take_back_overdue():
                raise
        return _admit(group, columns, values, visitor, link)
    except Refused as refusal:
        # Whoever presses twice may be refused the second time, and is shown what the first brought.
        if not Try.objects.filter(group=group).exists():
            limits.count_refusal(entry, refusal.code)
        raise


def _admit(
    group: uuid.UUID,
    columns: Sequence[Column],
    values: dict[str, str],
    visitor: Visitor,
    link: ShareLink | None,
) -> list[Admitted[Try]]:
    entry = columns[0].version.entry
    allowed = Spending.of(entry.owner)
    _let_in(allowed, link)
    given = [with_defaults(column.version.content, values) for column in columns]
    plans = [
        admission.plan(column.model, column.version.content, own)
        for column, own in zip(columns, given, strict=True)
    ]
    wanted = [
        (budget.purse_of(column.model), plan.bound)
        for column, plan in zip(columns, plans, strict=True)
    ]
    with transaction.atomic():
        # First of all: from here on nobody else is admitted.
        reservations = admission.set_aside(entry.owner, wanted, link)
        amount = sum(amount for _purse, amount in wanted)
        day = limits.check(Asking(entry, visitor, allowed, amount, link))
        attempts = _TRIES.run(
            [
                Try(
                    id=group if number == 0 else uuid.uuid4(),
                    entry=entry,
                    link=link,
                    group=group,
                    column=number,
                    day=day,
                    counts=number == 0,
                    version=column.version,
                    model=column.model,
                    model_asked=column.model.name,
                    provider_host=plan.host,
                    is_demo=column.model.provider.is_demo,
                    state=Try.State.RUNNING if len(columns) == 1 else Try.State.WAITING,
                    values=own,
                    visitor=visitor.key,
                    block=visitor.block,
                    reservation=reservation,
                )
                for number, (column, plan, own, reservation) in enumerate(
                    zip(columns, plans, given, reservations, strict=True)
                )
            ]
        )
    return [
        Admitted(attempt, plan, reservation.pk)
        for attempt, plan, reservation in zip(attempts, plans, reservations, strict=True)
    ]


def closed_by(link: ShareLink | None) -> str:
    """Return the code of why a share link lets nobody try; "" where it does, or without one."""
    if link is None:
        return ""
    if link.is_revoked or link.is_expired:
        return "link_over"
    return "" if link.allows_tries else "link_closed"


def _let_in(allowed: Spending, link: ShareLink | None) -> None:
    """Let the author's switch and the link pass tries. Raises Refused."""
    code = "paused" if allowed.paused else closed_by(link)
    if code:
        raise Refused(code)


def start(attempt_id: uuid.UUID) -> Admitted[Try]:
    """Begin a waiting column: exactly one caller gets it, in whatever process.

    Raises NotWaiting, or Refused where it waited too long or may not run any more: its money is
    then given back.
    """
    attempt = (
        Try.objects.live()
        .select_related(
            *("version", "entry__owner__spending", "entry__owner__site_grant", "link"),
            *("model__provider__owner", "reservation"),
        )
        .filter(pk=attempt_id, state=Try.State.WAITING, entry__purge_at__isnull=True)
        .first()
    )
    if attempt is None or attempt.reservation is None:
        raise NotWaiting
    attempt.version.entry = attempt.entry
    try:
        plan = _plan_again(attempt, attempt.reservation)
    except Refused as refusal:
        tries.take_back(attempt)
        limits.count_refusal(attempt.entry, refusal.code)
        raise
    assert attempt.model is not None
    with transaction.atomic():
        begun = Try.objects.filter(pk=attempt.pk, state=Try.State.WAITING).update(
            state=Try.State.RUNNING
        )
        if not begun:
            raise NotWaiting
        # The wait is no part of the time the call may take.
        Reservation.objects.filter(pk=attempt.reservation.pk).update(
            lease_until=timezone.now() + budget.LEASE
        )
    attempt.state = Try.State.RUNNING
    return Admitted(attempt, plan, attempt.reservation.pk)


def _plan_again(attempt: Try, reservation: Reservation) -> calls.Plan:
    """Return the call a waiting try is for, if it may still be made. Raises Refused."""
    _let_in(Spending.of(attempt.entry.owner), attempt.link)
    model, kind = attempt.model, attempt.version.content.get("kind", "")
    if tries.is_overdue(attempt) or not kind or model not in models_for(attempt.entry, kind):
        raise Refused("not_started")
    assert model is not None
    plan = admission.plan(model, attempt.version.content, attempt.values)
    if plan.bound > reservation.amount:
        # Its price was raised in between.
        raise Refused("not_started")
    return plan


class Handover:
    """What was admitted, on its way from a view (a sync thread) to its stream (the event loop)."""

    def __init__(self) -> None:
        self._waiting: dict[uuid.UUID, Admitted[Try | DraftRun]] = {}
        self._lock = Lock()

    def put(self, admitted: Admitted[Try | DraftRun]) -> None:
        """Leave a try for the stream to fetch."""
        with self._lock:
            self._waiting[admitted.attempt.pk] = admitted

    def take(self, attempt_id: uuid.UUID) -> Admitted[Try | DraftRun]:
        """Fetch a try, once. Raises KeyError."""
        with self._lock:
            return self._waiting.pop(attempt_id)


handover = Handover()


def recorded_answers(version: Version, cases: list[TestCase]) -> list[Run]:
    """Return a recorded answer for each case that has one, to show when nothing can run live.

    Captured ones come before pasted ones, newer before older; without any case, the newest at all.
    """
    runs = list(
        with_receipts(Run.objects.shown().filter(version=version))
        .select_related("case", "picture")
        .order_by("origin", "-created_at")[:500]
    )
    by_case: dict[uuid.UUID | None, Run] = {}
    for run in runs:
        by_case.setdefault(run.case_id, run)
    found = [by_case[case.pk] for case in cases if case.pk in by_case]
    return found or runs[:1]
