"""The evidence page: what it claims, what it hides from nobody, and what it costs."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prompts_app.models import Entry, Run, TestCase, Version
from prompts_app.services import cases, versions
from prompts_app.services.cells import Counts
from prompts_app.services.lift import Lift, Side
from prompts_app.services.story import Chapter
from prompts_app.views import evidence_words as words
from prompts_app.views.lift_words import gain
from tests import factories

pytestmark = pytest.mark.django_db

CONSTRAINTS: list[dict[str, Any]] = [
    {"text": "Says good", "assertion": {"type": "contains", "value": "good"}},
    {"text": "At most five words", "assertion": {"type": "word-count", "value": {"max": 5}}},
    {"text": "Is kind"},
]


def address(entry: Entry, query: str = "", *, below: str = "") -> str:
    return f"/@{entry.owner.profile.handle}/{entry.slug}/evidence/{below}{query}"


def page(client: Client, entry: Entry, query: str = "", *, below: str = "") -> str:
    response = client.get(address(entry, query, below=below))
    assert response.status_code == 200
    return response.content.decode()


def engineered(**fields: Any) -> dict[str, Any]:
    return factories.content("Engineered. {{ text }}", constraints=CONSTRAINTS) | fields


def two_versions(**fields: Any) -> tuple[Entry, Version, Version]:
    """Return an entry, its one-liner, and the published version with constraints."""
    entry = factories.entry(content=factories.content("Naive. {{ text }}"), **fields)
    first = entry.published
    assert first is not None
    return entry, first, factories.version(entry, engineered())


def rich(**fields: Any) -> tuple[Entry, list[TestCase]]:
    """Return an entry whose version keeps 1 of 2 tested constraints, its one-liner none."""
    entry, first, second = two_versions(**fields)
    found = [factories.case(entry, f"Case {number}") for number in range(3)]
    for case in found:
        for model in ("model-a", "model-b"):
            factories.run(first, case, model_asked=model, output="one two three four five six")
            factories.run(second, case, model_asked=model, output="good")
    factories.run(second, found[0], output="good, but far too many words here")
    return factories.judged(entry), found


def test_the_verdict_comes_first(client: Client) -> None:
    entry, _cases = rich()
    shown = page(client, entry)
    heading = shown[shown.index("<h1") : shown.index("</h1>")]
    assert "Version 2 keeps 1 of 2 tested constraints; the one-liner keeps none." in heading
    assert "3 test cases, 2 models" in shown
    assert "13 of 14 checks passed, over 7 runs; all 7 can be read here." in shown
    assert "kept in 7 of 7 runs" in shown
    assert "broken in 1 of 7 runs" in shown
    assert "stated, not tested" in shown
    assert "2 of 3" in shown
    assert "test cases where every repeat passed" in shown
    assert "tested constraints kept; 1 more stated, not tested" in shown
    assert "Kept means: in every run." in shown


def test_each_mark_has_a_sign_and_a_word_and_leads_to_its_answers(client: Client) -> None:
    entry, found = rich()
    shown = page(client, entry)
    link = f"answers/?case={found[0].pk}&amp;model=model-a"
    mark = shown[shown.index(link) :]
    mark = mark[: mark.index("</a>")]
    assert "◐" in mark
    assert "1/2" in mark
    assert "some answers passed every check" in mark
    assert client.get(address(entry, f"?case={found[0].pk}&model=model-a", below="answers/"))


def test_the_gain_says_how_sure_it_is(client: Client) -> None:
    entry, _cases = rich()
    shown = page(client, entry)
    assert "Both were run with the same 3 test cases on the same 2 models." in shown
    assert "likely between" in shown
    assert "prompt tokens a call" in shown


def test_hidden_withdrawn_and_unanswered_count_and_are_named(client: Client) -> None:
    entry, found = rich()
    version = entry.published
    assert version is not None
    factories.run(version, found[1], output="bad", hidden=True)
    for _ in range(2):
        factories.run(
            version, found[2], state=Run.State.FAILED, attempts=1, output="",
            error_code="rate_limited",
        )  # fmt: skip
    cases.withdraw_case(found[1])
    shown = page(client, factories.judged(entry))
    assert "Version 2 keeps 0 of 2 tested constraints" in shown
    assert (
        "14 of 16 checks passed, over 8 runs; 7 of them can be read here."
        " 1 is hidden by the author and counts." in shown
    )
    assert "2 calls got no answer." in shown
    assert "2 without an answer" in shown
    assert "removed, still counted" in shown


def test_answers_of_a_withdrawn_version_are_not_called_hidden_by_the_author(client: Client) -> None:
    entry, found = rich()
    other = {"text": "Says well", "assertion": {"type": "contains", "value": "well"}}
    factories.version(entry, engineered(constraints=[*CONSTRAINTS, other]))
    versions.withdraw_version(entry.versions.get(number=2))
    factories.judged(entry)
    entry.refresh_from_db()
    said = "7 are hidden by the author or of a withdrawn version, and count."
    assert said in page(client, entry)
    assert said in client.get(f"/@{entry.owner.profile.handle}/{entry.slug}/").content.decode()
    assert said in client.get(f"/@{entry.owner.profile.handle}/{entry.slug}/v3/").content.decode()
    shown = page(client, entry, f"?case={found[1].pk}&model=model-b", below="answers/")
    assert "1 answer went with its version, which was withdrawn, and counts." in shown
    assert "No answer here is shown." in shown
    assert "hidden by the author" not in shown


def test_pasted_outputs_prove_nothing(client: Client) -> None:
    entry, _first, second = two_versions()
    factories.run(second, factories.case(entry), output="good", origin=Run.Origin.PASTED)
    shown = page(client, factories.judged(entry))
    assert "is not tested yet" in shown
    assert "nothing here is proof" in shown


def test_demo_runs_are_marked_and_stand_apart(client: Client) -> None:
    entry, found = rich()
    version = entry.published
    assert version is not None
    factories.run(version, found[0], output="bad", is_demo=True, model_asked="demo-large")
    shown = page(client, factories.judged(entry))
    assert "13 of 14 checks passed, over 7 runs" in shown
    assert "Runs of demo models stand in columns of their own" in shown
    assert "demo model" in shown
    only_demo, _first, second = two_versions()
    factories.run(second, factories.case(only_demo), output="good", is_demo=True)
    shown = page(client, factories.judged(only_demo))
    assert "Demo model: scripted rules, not a language model." in shown
    assert "1 demo model" in shown


def test_an_entry_without_runs_still_looks_complete(client: Client) -> None:
    entry, _first, _second = two_versions()
    factories.case(entry, "The first input")
    shown = page(client, entry)
    for said in ("Version 2 is not tested yet", "Says good", "tested: contains", "The first input",
                  "1 test case waits for its first run", "promptfooconfig.yaml"):  # fmt: skip
        assert said in shown
    assert "results.csv" not in shown
    assert 'class="proof"' not in shown


def test_runs_without_a_tested_constraint_claim_nothing(client: Client) -> None:
    entry = factories.entry()
    version = entry.published
    assert version is not None
    factories.run(version, factories.case(entry))
    shown = page(client, factories.judged(entry))
    assert "No constraint of version 1 is tested yet." in shown
    assert "1 run; it can be read here." in shown
    assert "nothing to test" in shown


def test_one_constraint_through_the_versions(client: Client) -> None:
    entry, _found = rich()
    shown = page(client, entry, "?constraint=2")
    heading = shown[shown.index("<h1") : shown.index("</h1>")]
    assert "At most five words" in heading
    assert "Version 2 kept it in 6 of 7 answers." in shown
    assert "Through the versions" in shown
    assert "not stated" in shown
    assert "broken in 6 of 6 runs, by the rule of version 2" in shown
    assert "Checks passed" in shown
    assert "ested constraints kept" not in shown


def test_a_version_that_does_not_state_it_is_judged_by_a_rule_of_another() -> None:
    _entry, first, second = two_versions()

    def said(counts: Counts) -> str:
        return words.chapter(Chapter(first, None, "rule", counts, 12, demo=False), second)

    assert said(Counts(failed=12)) == "broken in 12 of 12 runs, by the rule of version 2"
    assert said(Counts(open=12)) == "not judged: this version does not state it"


MORE = "It sends 436 prompt tokens a call instead of 30, as the provider counted."


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ((30, 436), MORE),
        ((29.5, 436.4), MORE),
        ((120, 120.4), "Both send about 120 prompt tokens a call, as the provider counted."),
        ((14.5, 12), "It sends 20% fewer prompt tokens a call: 12 instead of 15, as the"),
    ],
)
def test_tokens_are_shares_only_where_there_are_fewer(
    tokens: tuple[float, float], said: str
) -> None:
    _entry, first, second = two_versions()
    lift = Lift(1, 1, 1, 0, [], None, None, 0.0, 0.0, tokens)
    assert gain(lift, first, second)[-1].startswith(said)


def test_points_are_the_difference_of_the_shares_that_are_shown() -> None:
    _entry, first, second = two_versions()
    before, after = (Side(0, Counts(passed=1), rate) for rate in (0.245, 0.92))
    lift = Lift(2, 2, 1, 1, [], before, after, 0.145, 0.9, None)
    shown = " ".join(gain(lift, first, second))
    assert "Version 2 passed 92% of the checks, version 1 passed 25%, by the same" in shown
    assert "That is 67 points more; with 2 test cases, likely between +15 and +90 points." in shown


def test_judging_again_is_named(client: Client) -> None:
    entry, _found = rich()
    factories.version(entry, engineered(constraints=CONSTRAINTS[:1]))
    shown = page(client, factories.judged(entry))
    assert "Version 3 keeps 1 of 1 tested constraint" in shown
    assert "Rejudged: 7 runs were captured for version 2" in shown


def test_every_version_has_its_own(client: Client) -> None:
    entry, _found = rich()
    shown = page(client, entry, "?version=1")
    assert "No constraint of version 1 is tested yet." in shown
    assert "6 runs; all 6 can be read here." in shown
    versions.withdraw_version(entry.versions.get(number=1))
    shown = page(client, entry, "?version=1")
    assert "Version 1 was withdrawn" in shown
    assert "results.csv" not in shown
    for below in ("answers/", "results.csv", "results.json", "promptfooconfig.yaml"):
        assert client.get(address(entry, "?version=1", below=below)).status_code == 404


def test_many_cases_come_in_pages(client: Client) -> None:
    entry, _first, second = two_versions()
    for number in range(30):
        factories.run(second, factories.case(entry, f"Case {number:02}"), output="good")
    factories.judged(entry)
    first, last = page(client, entry), page(client, entry, "?page=2")
    assert "Case 24" in first
    assert "Case 25" not in first
    assert "Case 25" in last
    assert "30 test cases" in last
    assert client.get(address(entry, "?page=3")).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["?version=9", "?version=x", "?version=-1", "?version=²", "?constraint=9", "?constraint=x",
     "?page=0", "?page=99", "?page=x", f"?version={'9' * 400}"],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(client: Client, query: str) -> None:
    entry, _found = rich()
    assert client.get(address(entry, query)).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["?case=x", f"?case={uuid.UUID(int=7)}", "?case=none", "?model=x", "?model=%00", "?with=x",
     "?page=2", "?page=x", "?version=7"],
)  # fmt: skip
def test_nor_is_a_cell_that_does_not_exist(client: Client, query: str) -> None:
    entry, _found = rich()
    assert client.get(address(entry, query, below="answers/")).status_code == 404


def test_an_entry_without_runs_has_no_answers(client: Client) -> None:
    entry, _first, _second = two_versions()
    assert client.get(address(entry, below="answers/")).status_code == 404


BELOW = ["", "answers/", "results.csv", "results.json", "promptfooconfig.yaml"]


@pytest.mark.parametrize("below", BELOW)
def test_who_sees_it(client: Client, below: str) -> None:
    entry, _found = rich(visibility=Entry.Visibility.DRAFT)
    url = address(entry, below=below)
    assert client.get(url).status_code == 404
    client.force_login(factories.profile().user)
    assert client.get(url).status_code == 404
    client.force_login(entry.owner)
    response = client.get(url)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"
    assert client.post(url).status_code == 405
    client.logout()
    Entry.objects.filter(pk=entry.pk).update(visibility=Entry.Visibility.UNLISTED)
    response = client.get(url)
    assert response.status_code == 200
    assert not response.cookies
    assert client.head(url).status_code == 200


def test_a_stranger_gets_a_page_that_may_be_kept(client: Client) -> None:
    entry, _found = rich()
    for below in ("", "answers/", "promptfooconfig.yaml"):
        response = client.get(address(entry, below=below))
        assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert "csrf" not in response.content.decode()


def test_it_is_there_in_french(client: Client) -> None:
    entry, found = rich()
    for below in ("", f"answers/?case={found[0].pk}"):
        response = client.get(address(entry, below=below), headers={"accept-language": "fr"})
        assert response.status_code == 200
        assert '<html lang="fr">' in response.content.decode()


def test_everything_a_person_wrote_is_text(client: Client) -> None:
    attack = "<script>alert(1)</script>"
    rule = {"type": "contains", "value": attack}
    content = engineered(constraints=[{"text": attack, "assertion": rule}])
    entry = factories.entry(title=attack, content=content)
    version = entry.published
    assert version is not None
    case = factories.case(entry, attack, values={"text": attack}, watch_for=attack)
    for output in (attack, "none"):
        factories.run(version, case, output=output, model_asked=attack, provider_host=attack)
    factories.judged(entry)
    for query in ("", "?constraint=1"):
        assert "<script>alert" not in page(client, entry, query)
    assert "<script>alert" not in page(client, entry, below="answers/")


def test_the_author_speaks_only_where_it_fails(client: Client) -> None:
    entry, _first, second = two_versions()
    failing, kept = factories.case(entry, "Hard"), factories.case(entry, "Easy")
    entry.cases.filter(pk=failing.pk).update(comment="It <i>guesses</i> here.")
    entry.cases.filter(pk=kept.pk).update(comment="Never seen to fail.")
    factories.run(second, failing, output="nothing of what was asked")
    factories.run(second, kept, output="good")
    factories.judged(entry)
    shown = page(client, entry)
    assert "Where it still fails" in shown
    assert "It &lt;i&gt;guesses&lt;/i&gt; here." in shown
    assert "Never seen to fail." not in shown
    assert "It &lt;i&gt;guesses" in page(client, entry, f"?case={failing.pk}", below="answers/")
    assert "Never seen" not in page(client, entry, f"?case={kept.pk}", below="answers/")
    entry.cases.update(comment="")
    assert "Where it still fails" not in page(client, entry)


def many_runs(number: int) -> Entry:
    """Return an entry with `number` counted and judged runs, all in the same eight cells."""
    entry, first, second = two_versions()
    found = [factories.case(entry) for _ in range(2)]
    Run.objects.bulk_create(
        Run(
            version=(second, first)[index % 2],
            case=found[index // 4 % 2],
            model_asked=f"model-{index // 2 % 2}",
            origin=Run.Origin.CAPTURED,
            state=Run.State.DONE,
            provider_host="models.example.org",
            output="good",
            finished_at=timezone.now(),
            hidden=index % 7 == 6,
        )
        for index in range(number)
    )
    return factories.judged(entry)


def test_more_runs_cost_no_more_queries(client: Client) -> None:
    few, many = many_runs(10), many_runs(300)
    for below in (
        *("", "?constraint=1", "?version=1", "?version=1&constraint=1"),
        *("answers/", "answers/?with=model-1", "promptfooconfig.yaml"),
    ):
        counts = []
        # The first reader's page keeps the rendered texts as well.
        for entry in (few, few, many, many):
            with CaptureQueriesContext(connection) as queries:
                client.get(address(entry, below=below))
            counts.append(len(queries))
        assert counts[1] == counts[3], below
        assert max(counts) <= 10, below


def test_the_author_needs_few_more_queries(client: Client) -> None:
    entry, _found = rich()
    client.force_login(entry.owner)
    for below in ("", "answers/"):
        with CaptureQueriesContext(connection) as queries:
            page(client, entry, below=below)
        assert len(queries) <= 13
