"""What an entry claims of its evidence, and how far it says that each answer can be trusted."""

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from prompts_app.models import Entry, Run, TestCase, Version
from prompts_app.services import evidence
from tests import factories
from tests.views.test_entry import address, page

pytestmark = pytest.mark.django_db

DATES = {"text": "Dates in ISO", "assertion": {"type": "regex", "value": r"\d{4}-\d\d-\d\d"}}
BRIEF = {"text": "Brief", "assertion": {"type": "word-count", "value": {"max": 3}}}
KIND = {"text": "Kind"}
DAY = datetime(2026, 5, 12, 8, 30, tzinfo=UTC)


def content(prompt: str, *constraints: dict[str, Any]) -> dict[str, Any]:
    return factories.content(prompt + " {{ text }}", constraints=list(constraints))


def twin(**fields: Any) -> tuple[Entry, Version, Version]:
    """Return an entry whose second version states three constraints and tests two."""
    entry = factories.entry(content=content("Extract the data."), **fields)
    first = entry.published
    second = factories.version(entry, content("You read invoices.", DATES, BRIEF, KIND))
    assert first is not None
    return entry, first, second


def answered(version: Version, case: TestCase | None, output: str, **fields: Any) -> Run:
    return factories.run(version, case, **({"finished_at": DAY, "output": output} | fields))


def proven() -> Entry:
    """Return such an entry with runs of both versions: the first keeps one, the second both."""
    entry, first, second = twin()
    for name in ("one", "two"):
        case = factories.case(entry, name)
        answered(first, case, "It is of 1 May", prompt_tokens=100)
        answered(second, case, "2026-05-01", prompt_tokens=82)
        answered(second, case, "2026-05-02", prompt_tokens=82, model_asked="model-b")
    return factories.judged(entry)


def figures(shown: str) -> list[tuple[str, str]]:
    proof = shown[shown.index('class="proof"') :].split("</ul>")[0]
    found = re.findall(r"<strong>(.*?)</strong> <span>(.*?)</span>", proof, re.DOTALL)
    return [(_plain(strong), _plain(rest)) for strong, rest in found]


def _plain(markup: str) -> str:
    return re.sub("<.*?>", "", markup).strip()


def section(shown: str, name: str) -> str:
    return shown[shown.index(f'<section class="section" id="{name}"') :].split("</section>")[0]


def test_the_claim_leads_to_what_stands_behind_it(client: Client) -> None:
    entry = proven()
    shown = page(client, entry)
    assert figures(shown) == [
        ("2 of 2", "tested constraints kept; 1 more stated, not tested"),
        ("0 of 2", "kept by the one-liner"),
        ("18%", "fewer prompt tokens"),
        ("2", "models, captured here"),
        ("12 May 2026", "last run"),
    ]
    assert f'href="{address(entry)}evidence/"' in shown
    assert f'href="{address(entry)}evidence/promptfooconfig.yaml"' in shown
    claim = "Keeps 2 of 2 tested constraints; the one-liner, 0; with 18% fewer prompt tokens."
    assert f'og:description" content="{entry.summary} {claim}"' in html.unescape(shown)


def test_a_baseline_that_is_no_one_liner_is_called_by_its_number(client: Client) -> None:
    entry = factories.entry(content=content("Extract.\n\nAll of it, please.", DATES))
    first = entry.published
    assert first is not None
    second = factories.version(entry, content("You read invoices.", DATES))
    case = factories.case(entry, "one")
    answered(first, case, "2026-05-01", prompt_tokens=18)
    answered(second, case, "none", prompt_tokens=1412)
    shown = page(client, factories.judged(entry))
    assert figures(shown)[:3] == [
        ("0 of 1", "tested constraint kept"),
        ("1 of 1", "kept by version 1"),
        ("1,412", "prompt tokens instead of 18"),
    ]
    assert "The starting point" in shown
    assert "version 1, 1." in shown


def test_as_many_tokens_are_said_to_be_as_many(client: Client) -> None:
    entry, first, second = twin()
    case = factories.case(entry, "one")
    answered(first, case, "x", prompt_tokens=120)
    answered(second, case, "x", prompt_tokens=120)
    assert ("120", "prompt tokens, as before") in figures(page(client, factories.judged(entry)))


def test_pasted_outputs_prove_nothing(client: Client) -> None:
    entry, first, second = twin()
    case = factories.case(entry, "one")
    for version in (first, second):
        answered(version, case, "2026-05-01", origin=Run.Origin.PASTED)
    shown = page(client, factories.judged(entry))
    assert 'class="proof"' not in shown
    assert "3 constraints, stated, not tested yet" in shown
    assert "None of this was captured here" in shown
    assert section(shown, "constraints").count(">not tested yet</span>") == 2
    # What was found in them is shown all the same.
    assert "pasted by the author" in shown
    assert "constraint--kept" in shown


def test_the_first_case_is_shown_however_many_runs_came_later(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "MAX_RUNS", 4)
    entry, first, second = twin()
    for name in ("one", "two", "three"):
        case = factories.case(entry, name)
        for version in (first, second):
            answered(version, case, name)
    assert "Case 1 of 3" in page(client, entry)


def test_without_a_tested_constraint_runs_are_counted(client: Client) -> None:
    entry = factories.entry(content=content("Say it.", KIND))
    assert entry.published is not None
    answered(entry.published, None, "It is said")
    shown = page(client, factories.judged(entry))
    assert figures(shown)[:2] == [("1", "run captured here"), ("1", "model, captured here")]


def test_both_answers_are_measured_by_the_published_constraints(client: Client) -> None:
    shown = page(client, proven())
    before = shown[shown.index('id="pair-before"') : shown.index('id="pair-after"')]
    after = shown[shown.index('id="pair-after"') : shown.index('class="with-contents"')]
    assert before.count("constraint--broken") == 2
    assert 'title="Nothing in it matches."' in before
    assert 'title="Words: 5."' in before
    assert after.count("constraint--kept") == 2
    assert after.count("stated, not tested yet") == 1


def test_each_constraint_says_what_all_runs_come_to(client: Client) -> None:
    entry = proven()
    assert entry.published is not None
    answered(entry.published, entry.cases.first(), "none at all, sorry", hidden=True)
    shown = page(client, factories.judged(entry))
    constraints = section(shown, "constraints")
    for number, said in ((1, "broken in 1 of 5 runs"), (2, "broken in 1 of 5 runs")):
        link = f'href="{address(entry)}evidence/?constraint={number}">{said}</a>'
        assert link in constraints, link
    assert constraints.count("stated, not tested") == 1
    assert "8 of 10 checks passed, over 5 runs; 4 of them can be read here." in section(
        shown, "evidence"
    )


def test_what_is_kept_says_so_with_its_number_of_runs(client: Client) -> None:
    entry = proven()
    assert section(page(client, entry), "constraints").count("kept in 4 of 4 runs") == 2


def test_runs_of_a_version_with_the_same_words_are_shown_as_judged_again(client: Client) -> None:
    entry = factories.entry(content=content("You read invoices.", DATES))
    first = entry.published
    assert first is not None
    answered(first, factories.case(entry, "one"), "2026-05-01 and nothing else")
    factories.version(entry, content("You read invoices.", DATES, BRIEF))
    shown = page(client, factories.judged(entry))
    assert "rejudged: captured for version 1" in shown
    assert figures(shown)[0] == ("1 of 2", "tested constraints kept")
    assert "Before and after" not in shown


def test_an_answer_shows_its_rank_and_its_receipt(client: Client) -> None:
    entry = factories.entry()
    assert entry.published is not None
    case = factories.case(entry, "one")
    receipt = factories.receipt(entry.published, case)
    factories.run(entry.published, case, model_asked="b", origin=Run.Origin.IMPORTED)
    factories.run(entry.published, case, model_asked="c", origin=Run.Origin.PASTED)
    shown = section(page(client, entry), "evidence")
    assert "captured here" in shown
    assert f'<a href="/verify/?run={receipt.run_id}">receipt</a>' in shown
    assert "imported with its raw response" in shown
    assert "pasted by the author" in shown
    assert shown.count("receipt</a>") == 1


def test_two_models_can_be_compared_from_where_they_stand(client: Client) -> None:
    entry = proven()
    case = entry.cases.first()
    assert case is not None
    link = f"{address(entry)}evidence/answers/?case={case.pk}&model=model-b&with=model-a"
    assert f'href="{link}"' in html.unescape(page(client, entry))


def test_a_picture_prompt_has_no_tests_to_take_away(client: Client) -> None:
    entry = factories.entry(content=factories.content("A mug", kind="image"))
    assert entry.published is not None
    picture = factories.picture(entry.owner, entry=entry)
    factories.run(entry.published, output="", picture=picture, values={}, finished_at=DAY)
    shown = page(client, factories.judged(entry))
    assert ("1", "run captured here") in figures(shown)
    assert "promptfoo" not in shown


def test_the_claim_speaks_french(client: Client) -> None:
    response = client.get(address(proven()), headers={"accept-language": "fr"})
    assert "12 mai 2026" in response.content.decode()
