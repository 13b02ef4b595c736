"""What went wrong in visitors' tries, for the author who can do something about it.

Counted from the tries themselves, by model and by what happened; nothing of what visitors wrote.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from prompts_app.llm.types import LABELS
from prompts_app.models import Try, User
from prompts_app.services import days

# Labels that leave nobody anything to do.
_HARMLESS = frozenset({"fetched_url"})


@dataclass(slots=True)
class Trouble:
    """One thing that went wrong with one model.

    `code` is an error's code (llm.errors.CODES and those of tries), a label of an answer
    (llm.types.LABELS), or "stopped". `answered` is when the model last gave an answer, None where
    it gave none. `provider` is None for a model that is no more; `is_own` says whether it is the
    author's.
    """

    model: str
    host: str
    code: str
    provider: int | None
    is_own: bool
    count: int
    first: datetime
    last: datetime
    answered: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether the model has answered since."""
        return self.answered is not None and self.answered > self.last


def troubles(owner: User, first: date) -> list[Trouble]:
    """Return what went wrong in the tries of an author's entries since a day, newest first.

    What prevented answers comes before what stands beside them. Two troubles of one answer are told
    apart, and each counts it. Makes one query.
    """
    found: dict[tuple[str, str, int | None, str], Trouble] = {}
    answered: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in _counted(owner, first):
        model, host, provider = row["model_asked"], row["provider_host"], row["model__provider"]
        if row["state"] == Try.State.DONE:
            answered[model, host].append(row["last"])
        for code in _codes(row["state"], row["error_code"], row["labels"]):
            new = Trouble(
                *(model, host, code, provider),
                row["model__provider__owner"] == owner.pk,
                *(row["count"], row["first"], row["last"]),
            )
            known = found.setdefault((model, host, provider, code), new)
            if known is not new:
                known.count += new.count
                known.first = min(known.first, new.first)
                known.last = max(known.last, new.last)
    for trouble in found.values():
        trouble.answered = max(answered[trouble.model, trouble.host], default=None)
    newest = sorted(found.values(), key=lambda one: (one.last, one.count), reverse=True)
    return sorted(newest, key=lambda one: one.code in LABELS)


def failures(owner: User, first: date) -> int:
    """Return how many tries of an author's entries came to no answer since a day."""
    tries = Try.objects.filter(entry__owner=owner, created_at__gte=days.start(first))
    return tries.filter(state=Try.State.FAILED).count()


def _counted(owner: User, first: date) -> QuerySet[Try, dict[str, Any]]:
    over = Try.objects.filter(entry__owner=owner, created_at__gte=days.start(first)).exclude(
        state__in=(Try.State.WAITING, Try.State.RUNNING)
    )
    alike = over.order_by().values(
        *("model_asked", "provider_host", "model__provider", "model__provider__owner"),
        *("state", "error_code", "labels"),
    )
    counted: QuerySet[Try, dict[str, Any]] = alike.annotate(
        count=Count("pk"), first=Min("created_at"), last=Max("created_at")
    )
    return counted


def _codes(state: str, error_code: str, labels: list[str]) -> list[str]:
    if state == Try.State.DONE:
        return sorted(LABELS.intersection(labels) - _HARMLESS)
    # A column that nobody began cost nothing and says nothing of its model.
    return [code for code in [error_code or state] if code != "not_started"]
