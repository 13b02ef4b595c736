"""The answers behind one cell: every one of them, what was found in it, and what stands beside."""

import re

import pytest
from django.test import Client

from prompts_app.models import Entry, Run
from prompts_app.services import cases
from tests import factories
from tests.views.test_evidence import address, engineered, page, rich, two_versions

pytestmark = pytest.mark.django_db


def side(shown: str, name: str) -> str:
    """Return one column of answers."""
    start = shown.index(f'id="side-{name}"')
    return shown[start : shown.index("</section>", start)]


def test_the_same_input_on_the_same_model_with_both_prompts(client: Client) -> None:
    entry, found = rich()
    shown = page(client, entry, f"?case={found[1].pk}&model=model-b", below="answers/")
    assert "Version 2 beside version 1" in shown
    assert "Same input, same model: model-b; both judged by the constraints of version 2" in shown
    assert "Case 2 of 3" in shown
    before, after = side(shown, "beside"), side(shown, "main")
    assert "one two three four five six" in before
    assert "0 of 2 tested constraints kept" in before
    assert "Words: 6." in before
    assert "2 of 2 tested constraints kept" in after
    assert "“good” is there." in after
    assert found[1].values["text"] in shown


def test_one_can_step_through_all_cases(client: Client) -> None:
    entry, found = rich()
    cases.withdraw_case(found[1])
    here = "?model=model-a"
    visited = []
    while here:
        shown = page(client, entry, here, below="answers/")
        visited.append(re.findall(r"<h1[^>]*>([^<]+)</h1>", shown)[0])
        following = re.findall(r'rel="next" href="[^"]*answers/([^"]+)"', shown)
        here = following[0].replace("&amp;", "&") if following else ""
    assert visited == ["Case 0", "Case 1", "Case 2"]


def test_two_models_beside_each_other(client: Client) -> None:
    entry, found = rich()
    query = f"?case={found[0].pk}&model=model-a&with=model-b"
    shown = page(client, entry, query, below="answers/")
    assert "Two models on version 2" in shown
    assert "model-a" in side(shown, "main")
    assert "model-b" in side(shown, "beside")
    assert "one two three" not in shown


def test_constraints_are_read_in_the_language_of_the_entry(client: Client) -> None:
    entry, found = rich()
    Entry.objects.filter(pk=entry.pk).update(language="de")
    for query in ("&with=model-b", ""):
        shown = page(client, entry, f"?case={found[0].pk}&model=model-a{query}", below="answers/")
        for name in ("main", "beside"):
            assert '<span lang="de">Says good</span>' in side(shown, name)
        assert 'lang=""' not in shown


def test_a_model_beside_itself_is_no_comparison(client: Client) -> None:
    entry, found = rich()
    query = f"?case={found[0].pk}&model=model-a&with=model-a"
    assert "Version 2 beside version 1" in page(client, entry, query, below="answers/")


def test_what_differs_is_marked_word_by_word(client: Client) -> None:
    entry, first, second = two_versions()
    case = factories.case(entry)
    factories.run(first, case, output="The total is twelve euros.")
    factories.run(second, case, output="The total is 12 euros.")
    factories.judged(entry)
    shown = page(client, entry, below="answers/")
    assert "<del>twelve</del><ins>12</ins>" in shown


def test_what_is_hidden_or_failed_is_named_and_not_shown(client: Client) -> None:
    entry, _first, second = two_versions()
    case = factories.case(entry)
    factories.run(second, case, output="a shown answer")
    for _ in range(2):
        factories.run(second, case, output="a hidden answer", hidden=True)
    factories.run(
        second, case, state=Run.State.FAILED, attempts=3, output="", error_code="rate_limited"
    )
    factories.run(second, case, output="a pasted answer", origin=Run.Origin.PASTED)
    factories.judged(entry)
    shown = page(client, entry, below="answers/")
    assert "a shown answer" in shown
    assert "a hidden answer" not in shown
    assert "a pasted answer" not in shown
    assert "2 answers are hidden by the author and count." in shown
    assert "Without an answer: 1 call: the provider is busy" in shown


def test_a_cell_whose_every_answer_is_hidden_opens(client: Client) -> None:
    entry, _first, second = two_versions()
    factories.run(second, factories.case(entry), output="secret", hidden=True)
    factories.judged(entry)
    shown = page(client, entry, below="answers/")
    assert "No answer here is shown." in shown
    assert "secret" not in shown


def test_answers_come_in_pages(client: Client) -> None:
    entry, _first, second = two_versions()
    case = factories.case(entry)
    for number in range(7):
        factories.run(second, case, output=f"answer number {number}.")
    factories.judged(entry)
    first, last = (page(client, entry, f"?page={n}", below="answers/") for n in (1, 2))
    assert "answer number 4." in first
    assert "answer number 5." not in first
    assert "answer number 6." in last
    assert client.get(address(entry, "?page=3", below="answers/")).status_code == 404


def test_where_the_baseline_was_not_run_the_page_says_so(client: Client) -> None:
    entry, _first, second = two_versions()
    factories.run(second, factories.case(entry), output="good")
    factories.judged(entry)
    shown = page(client, entry, below="answers/")
    assert "Version 1 was not run with this case on this model" in shown
    assert "side-beside" not in shown


def test_a_run_of_another_version_says_it_was_judged_again(client: Client) -> None:
    entry, _found = rich()
    factories.version(entry, engineered(constraints=[]))
    factories.judged(entry)
    assert "rejudged: captured for version 2" in page(client, entry, below="answers/")


def test_a_receipt_is_one_click_away(client: Client) -> None:
    entry, _first, second = two_versions()
    run = factories.receipt(second, factories.case(entry)).run
    factories.judged(entry)
    assert f"/verify/?run={run.pk}" in page(client, entry, below="answers/")


def test_prompts_without_variables_need_no_case(client: Client) -> None:
    entry = factories.entry(content=factories.content("Naive."))
    first = entry.published
    second = factories.version(entry, engineered(
        messages=[{"role": "user", "content": "Engineered."}], variables=[]))  # fmt: skip
    assert first is not None
    for version, output in ((first, "naive words"), (second, "good words")):
        factories.run(version, None, output=output, values={})
    factories.judged(entry)
    shown = page(client, entry, "?case=none&model=model-a", below="answers/")
    assert "naive words" in side(shown, "beside")
    assert "good words" in side(shown, "main")
    assert "the one-liner keeps" in page(client, entry)


def test_two_hosts_of_one_model_are_told_apart(client: Client) -> None:
    entry, _first, second = two_versions()
    case = factories.case(entry)
    for host in ("a.example.org", "b.example.org"):
        factories.run(second, case, output=f"answer from {host}", provider_host=host)
    factories.judged(entry)
    shown = page(client, entry, "?model=model-a@b.example.org", below="answers/")
    assert "answer from b.example.org" in side(shown, "main")
    assert "answer from a.example.org" not in shown
    assert client.get(address(entry, "?model=model-a", below="answers/")).status_code == 404
