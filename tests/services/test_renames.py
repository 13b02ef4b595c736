"""A variable's new name reaches the test cases, and takes nothing from what is published."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prompts_app.models import Draft, Entry
from prompts_app.services import entries
from prompts_app.services.cases import after_renames, save_case
from tests import factories

pytestmark = pytest.mark.django_db


def rename(entry: Entry, *pairs: tuple[str, str]) -> None:
    """Save the draft with its variable under the last name."""
    draft = Draft.objects.get(entry=entry)
    prompt = f"Shorten: {{{{ {pairs[-1][1]} }}}}"
    entries.save_draft(entry, factories.content(prompt), draft.revision, pairs)


def test_cases_answer_to_both_names_and_stay_the_cases_of_their_runs() -> None:
    entry = factories.entry()
    case = factories.case(entry, "A letter", values={"text": "It rains."})
    factories.run(entry.versions.get(), case)
    rename(entry, ("text", "letter"), ("letter", "mail"))
    case.refresh_from_db()
    assert case.values == dict.fromkeys(("text", "letter", "mail"), "It rains.")
    assert case.withdrawn_at is None
    # Changed under its new name, it is another case; what versions ask for goes along.
    changed = save_case(entry, case, name="A letter", watch_for="", values={"mail": "It snows."})
    assert changed.pk != case.pk
    assert changed.values["text"] == "It rains."
    assert changed.values["mail"] == "It snows."


def test_a_stale_draft_renames_nothing() -> None:
    entry = factories.entry()
    case = factories.case(entry, values={"text": "x"})
    with pytest.raises(entries.StaleDraft):
        entries.save_draft(entry, factories.content("Other"), 99, [("text", "letter")])
    case.refresh_from_db()
    assert case.values == {"text": "x"}


def test_a_name_that_versions_ask_for_keeps_its_value() -> None:
    values = {"a": "new", "b": "settled"}
    assert after_renames(values, [("a", "b")], settled={"b"}) == values
    assert after_renames(values, [("a", "b")])["b"] == "new"


def test_renaming_costs_the_same_however_many_cases_there_are() -> None:
    entry = factories.entry()
    for _number in range(2):
        factories.case(entry, values={"text": "x"})
    with CaptureQueriesContext(connection) as few:
        rename(entry, ("text", "one"))
    for _number in range(20):
        factories.case(entry, values={"text": "x"})
    with CaptureQueriesContext(connection) as many:
        rename(entry, ("text", "two"))
    assert len(many) == len(few)
