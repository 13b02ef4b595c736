"""Work that must happen although the database is away."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError

from prompts_app.services import patience
from prompts_app.services.patience import in_database_at_last

# The threads look at their connections before and after every piece of work.
pytestmark = pytest.mark.django_db(transaction=True)


def away(*errors: Exception) -> tuple[Callable[[str], str], list[str]]:
    """Work that fails so often and then succeeds, and a list of what it was asked."""
    left, asked = list(errors), []

    def work(word: str) -> str:
        asked.append(word)
        if left:
            raise left.pop(0)
        return word.upper()

    return work, asked


async def test_it_is_done_again_until_it_is_done() -> None:
    work, asked = away(OperationalError("gone"), InterfaceError("closed"))
    assert await in_database_at_last(work, "settle") == "SETTLE"
    assert asked == ["settle"] * 3


async def test_what_the_database_refuses_is_not_asked_again() -> None:
    work, asked = away(IntegrityError("no"))
    with pytest.raises(IntegrityError):
        await in_database_at_last(work, "settle")
    assert asked == ["settle"]


async def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.15)
    work, asked = away(*[OperationalError("gone")] * 100)
    with pytest.raises(OperationalError):
        await in_database_at_last(work, "settle")
    assert 1 < len(asked) < 5


async def test_whoever_is_told_to_stop_sees_it_through_first() -> None:
    begun, go_on = threading.Event(), threading.Event()
    work, asked = away(OperationalError("gone"))

    def slow(word: str) -> str:
        begun.set()
        go_on.wait(5)
        return work(word)

    task = asyncio.create_task(in_database_at_last(slow, "settle"))
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asked == ["settle"] * 2
