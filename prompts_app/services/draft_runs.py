"""Runs of drafts: the author tries what is not published yet, on their own budget.

They count towards no limit of visitors. Only the last one of each entry is kept, for a day.
"""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from prompts_app.models import DraftRun, Entry, LLMModel
from prompts_app.models.draft_runs import KEPT_FOR
from prompts_app.services import admission, budget
from prompts_app.services.calls import Admitted


def models_for(entry: Entry) -> QuerySet[LLMModel]:
    """Return the models that may run the entry's draft: those of its author, of its kind."""
    usable = LLMModel.objects.usable_by(entry.owner).filter(kind=entry.kind)
    return usable.order_by("provider_id", "name")


def admit(
    run_id: uuid.UUID,
    entry: Entry,
    content: dict[str, Any],
    values: dict[str, str],
    model: LLMModel,
) -> Admitted[DraftRun]:
    """Set the money aside and keep the run, in place of the entry's earlier ones.

    Raises limits.Refused ("budget", "site_budget", "provider"), and IntegrityError when `run_id`
    was used before.
    """
    plan = admission.plan(model, content, values)
    with transaction.atomic():
        (reservation,) = admission.set_aside(entry.owner, [(budget.purse_of(model), plan.bound)])
        run = DraftRun.objects.create(
            id=run_id,
            entry=entry,
            content=content,
            model=model,
            model_asked=model.name,
            provider_host=plan.host,
            is_demo=model.provider.is_demo,
            state=DraftRun.State.RUNNING,
            values=values,
            reservation=reservation,
        )
        over = DraftRun.objects.filter(entry=entry).exclude(state=DraftRun.State.RUNNING)
        over.exclude(pk=run_id).delete()
    return Admitted(run, plan, reservation.pk)


def latest(entry: Entry) -> DraftRun | None:
    """Return the entry's last run of a draft, as long as it is kept."""
    kept = DraftRun.objects.filter(entry=entry, created_at__gt=timezone.now() - KEPT_FOR)
    return kept.order_by("-created_at").first()


def write_down(run: DraftRun, **outcome: Any) -> None:
    """Write down what came of a run. Raises DraftRun.DoesNotExist where its row has gone."""
    for name, value in outcome.items():
        setattr(run, name, value)
    if not DraftRun.objects.filter(pk=run.pk).update(**outcome):
        raise DraftRun.DoesNotExist


def mark_interrupted() -> int:
    """Mark runs whose process died; their money is forfeited apart. Return how many."""
    return DraftRun.objects.filter(
        state=DraftRun.State.RUNNING, created_at__lt=timezone.now() - budget.LEASE
    ).update(state=DraftRun.State.FAILED, error_code="interrupted")


def delete_expired() -> int:
    """Delete runs whose day is over; return how many."""
    return DraftRun.objects.filter(created_at__lte=timezone.now() - KEPT_FOR).delete()[0]
