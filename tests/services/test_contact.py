"""Limits of messages under many threads at once, each with a connection of its own."""

import uuid

import pytest

from prompts_app.models import ContactMessage, User
from prompts_app.services import contact
from prompts_app.services.visitors import Visitor
from tests import factories
from tests.services.test_budget import at_once

# In the database itself: every thread has a transaction of its own.
pytestmark = pytest.mark.django_db(transaction=True)

THREADS, EACH = 6, 3


@pytest.fixture
def owner() -> User:
    """Whom everybody writes to."""
    return factories.profile(contact_mode="form").user


def send(owner: User, who: str, letter: uuid.UUID | None = None) -> int:
    """Send a message; return whether it was kept."""
    try:
        contact.keep(owner, letter or uuid.uuid4(), Visitor(who, who), text="A message.")
    except contact.Refused:
        return 0
    return 1


def test_no_crowd_passes_the_limit_of_a_visitor(owner: User) -> None:
    kept = at_once(THREADS, lambda worker: sum(send(owner, "same") for _turn in range(EACH)))
    assert kept == ContactMessage.objects.count() == contact.PER_VISITOR


def test_no_crowd_passes_the_limit_of_an_author(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact, "PER_AUTHOR", 7)
    kept = at_once(
        THREADS, lambda worker: sum(send(owner, f"{worker} {turn}") for turn in range(EACH))
    )
    assert kept == ContactMessage.objects.count() == 7


def test_one_form_sent_many_times_is_one_message(owner: User) -> None:
    letter = uuid.uuid4()
    assert at_once(THREADS, lambda worker: send(owner, "same", letter)) == THREADS
    assert ContactMessage.objects.get().pk == letter
