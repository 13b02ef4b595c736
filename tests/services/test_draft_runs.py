"""Runs of drafts: on the author's budget, once for each id, and only the last one is kept."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from prompts_app.models import BudgetDay, DraftRun, Entry, LLMModel, Reservation, Spending, Try
from prompts_app.services import answering, budget, draft_runs
from prompts_app.services.limits import Refused
from tests import factories

pytestmark = pytest.mark.django_db
VALUES = {"text": "A text"}


@pytest.fixture
def entry() -> Entry:
    """An entry of an author with a model of their own that costs money."""
    made = factories.entry(published=False, content=factories.content())
    factories.model(factories.provider(made.owner))
    return made


def admit(entry: Entry, run_id: uuid.UUID | None = None) -> uuid.UUID:
    """Run the draft as it is kept; return the run's id."""
    model = draft_runs.models_for(entry).get()
    run_id = run_id or uuid.uuid4()
    draft_runs.admit(run_id, entry, entry.draft.content, VALUES, model)
    return run_id


def test_the_most_it_can_cost_is_set_aside_and_no_visitor_is_counted(entry: Entry) -> None:
    run = DraftRun.objects.get(pk=admit(entry))
    assert run.reservation is not None
    assert BudgetDay.objects.get().reserved == run.reservation.amount > 0
    assert not Try.objects.exists()


def test_the_same_id_runs_once_and_sets_money_aside_once(entry: Entry) -> None:
    run_id = admit(entry)
    with pytest.raises(IntegrityError), transaction.atomic():
        admit(entry, run_id)
    assert Reservation.objects.count() == 1


def test_without_money_nothing_runs_and_the_last_answer_stays(entry: Entry) -> None:
    kept = admit(entry)
    DraftRun.objects.filter(pk=kept).update(state=DraftRun.State.DONE)
    spending = Spending.of(entry.owner)
    spending.daily_limit = 0
    spending.save()
    with pytest.raises(Refused) as refused:
        admit(entry)
    assert refused.value.code == "budget"
    assert draft_runs.latest(entry) == DraftRun.objects.get(pk=kept)


def test_only_the_last_of_an_entry_is_kept_and_that_for_a_day(entry: Entry) -> None:
    first = admit(entry)
    answering.write_down(DraftRun.objects.get(pk=first), state=DraftRun.State.DONE)
    second = admit(entry)
    assert [run.pk for run in DraftRun.objects.all()] == [second]
    DraftRun.objects.update(created_at=timezone.now() - timedelta(hours=23))
    assert draft_runs.delete_expired() == 0
    assert draft_runs.latest(entry) is not None
    DraftRun.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert draft_runs.latest(entry) is None
    assert draft_runs.delete_expired() == 1


def test_one_whose_process_died_is_marked_and_its_money_forfeited(entry: Entry) -> None:
    admit(entry)
    long_ago = timezone.now() - budget.LEASE - timedelta(seconds=1)
    DraftRun.objects.update(created_at=long_ago)
    Reservation.objects.update(lease_until=long_ago)
    assert (draft_runs.mark_interrupted(), budget.forfeit_expired()) == (1, 1)
    assert DraftRun.objects.get().error_code == "interrupted"


def test_others_models_and_picture_models_are_not_offered(entry: Entry) -> None:
    stranger = factories.provider(factories.user())
    factories.model(stranger, "theirs")
    own = entry.owner.providers.get()
    factories.model(own, "painter", kind=LLMModel.Kind.IMAGE, picture_price=1)
    assert [model.name for model in draft_runs.models_for(entry)] == ["model-a"]
