"""The case study of an entry: who sees it, what it puts side by side, what it claims."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, Run, TestCase, Version
from prompts_app.services import versions
from tests import factories

pytestmark = pytest.mark.django_db


def address(entry: Entry, query: str = "") -> str:
    return f"/@{entry.owner.profile.handle}/{entry.slug}/{query}"


def page(client: Client, entry: Entry, query: str = "") -> str:
    response = client.get(address(entry, query))
    assert response.status_code == 200
    return response.content.decode()


def two_versions(**fields: Any) -> tuple[Entry, Version, Version]:
    """Return an entry whose baseline is version 1 and whose published one is version 2."""
    entry = factories.entry(content=factories.content("Naive. {{ text }}"), **fields)
    first = entry.published
    assert first is not None
    second = factories.version(entry, factories.content("Engineered. {{ text }}"), "Much better")
    return entry, first, second


def both(first: Version, second: Version, case: TestCase | None, **fields: Any) -> None:
    """Make a run of each version with the same case on the same model."""
    tag = case.name if case else "none"
    model = fields.get("model_asked", "model-a")
    factories.run(first, case, output=f"naive {tag} {model}", **fields)
    factories.run(second, case, output=f"engineered {tag} {model}", **fields)


def test_anyone_reads_a_listed_entry(client: Client) -> None:
    entry = factories.entry(title="Invoices to JSON", tags=("extraction",))
    shown = page(client, entry)
    assert "<h1" in shown
    assert "Invoices to JSON" in shown
    assert f'<link rel="canonical" href="http://localhost:8000{address(entry)}">' in shown
    assert "og:title" in shown
    assert "noindex" not in shown


def test_a_stranger_gets_no_cookie_and_a_page_that_may_be_kept(client: Client) -> None:
    response = client.get(address(factories.entry()))
    assert not response.cookies
    assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "csrf" not in response.content.decode()


def test_unlisted_entries_open_but_are_not_to_be_found(client: Client) -> None:
    entry = factories.entry(visibility=Entry.Visibility.UNLISTED)
    assert "noindex" in page(client, entry)


def test_a_draft_is_its_owners(client: Client) -> None:
    entry = factories.entry(visibility=Entry.Visibility.DRAFT)
    assert client.get(address(entry)).status_code == 404
    client.force_login(factories.profile().user)
    assert client.get(address(entry)).status_code == 404
    client.force_login(entry.owner)
    assert "Only you see this page" in page(client, entry)
    assert client.get(address(entry))["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/@nobody/entry/", "/@{handle}/missing/", "/@{handle}/"])
def test_what_does_not_exist_is_not_found(client: Client, path: str) -> None:
    entry = factories.entry(published=False)
    handle = entry.owner.profile.handle
    assert client.get(path.format(handle=handle)).status_code == 404
    assert client.get(address(entry)).status_code == 404


def test_only_reading_is_allowed(client: Client) -> None:
    entry = factories.entry()
    assert client.post(address(entry)).status_code == 405
    assert client.head(address(entry)).status_code == 200


def test_an_entry_without_runs_claims_nothing_and_looks_complete(client: Client) -> None:
    content = factories.content(
        "Do it: {{ text }}",
        context="Some **context**",
        constraints=[{"text": "JSON only"}],
        parameters={"temperature": 0.2},
    )
    shown = page(client, factories.entry(content=content, use_case="Why anyone needs it"))
    assert 'class="proof"' not in shown
    assert "1 constraint, stated, not tested yet" in shown
    assert "Before and after" not in shown
    assert "Evidence" not in shown
    assert "Try it" not in shown
    for word in ("Why anyone needs it", "<strong>context</strong>", "JSON only", "not tested"):
        assert word in shown
    assert '<mark class="var">{{ text }}</mark>' in shown
    assert "Temperature" in shown


def test_everything_a_person_wrote_is_text(client: Client) -> None:
    attack = "<script>alert(1)</script>"
    content = factories.content(
        f"{attack} {{{{ text }}}}",
        context=attack,
        constraints=[{"text": attack}],
        variables=[factories.variable("text", label=attack, default=attack)],
    )
    entry = factories.entry(
        title=attack, summary=attack, use_case=attack, credit=attack, tags=(attack,),
        content=content,
    )  # fmt: skip
    assert entry.published is not None
    case = factories.case(entry, attack, watch_for=attack, values={"text": attack})
    factories.run(entry.published, case, output=attack, model_asked=attack)
    factories.run(entry.published, output='["<script>alert(1)</script>"]', model_asked="data")
    assert "<script>alert" not in page(client, entry)


def test_before_and_after_share_input_and_model(client: Client) -> None:
    entry, first, second = two_versions()
    one, two = factories.case(entry, "one"), factories.case(entry, "two")
    factories.run(first, one, output="naive on another model", model_asked="model-b")
    both(first, second, two)
    shown = page(client, entry)
    assert "naive two model-a" in shown
    assert "engineered two model-a" in shown
    assert "naive on another model" not in shown
    assert "Case 2 of 2" in shown
    assert "same input, same model: model-a" in shown
    assert "chosen by the author" not in shown


def test_the_author_chooses_the_case_and_the_reader_may_step(client: Client) -> None:
    entry, first, second = two_versions()
    cases = [factories.case(entry, f"case{number}") for number in range(3)]
    for case in cases:
        both(first, second, case)
    entry.featured_case = cases[1]
    entry.save()
    shown = page(client, entry)
    assert "engineered case1 model-a" in shown
    assert "Case 2 of 3, chosen by the author" in shown
    for case in cases:
        link = f"?case={case.pk}"
        assert f'href="{link}#pair"' in shown
        stepped = page(client, entry, link)
        assert f"engineered {case.name} model-a" in stepped
        assert f"naive {case.name} model-a" in stepped


def test_the_reader_may_choose_the_model(client: Client) -> None:
    entry, first, second = two_versions()
    case = factories.case(entry, "one")
    both(first, second, case)
    both(first, second, case, model_asked="model-b")
    assert "naive one model-b" in page(client, entry, f"?case={case.pk}&model=model-b")


@pytest.mark.parametrize(
    "query", ["?case=x", f"?case={uuid.UUID(int=7)}", "?case=%00", "?model=none"]
)
def test_a_wish_nobody_can_meet_is_ignored(client: Client, query: str) -> None:
    entry, first, second = two_versions()
    both(first, second, factories.case(entry, "one"))
    assert "engineered one model-a" in page(client, entry, query)


def test_a_case_without_a_pair_shows_the_prompts_alone(client: Client) -> None:
    entry, first, second = two_versions()
    case = factories.case(entry, "one")
    factories.run(first, case, model_asked="model-a", output="naive")
    factories.run(second, case, model_asked="model-b", output="engineered")
    shown = page(client, entry)
    assert "the prompts stand here alone" in shown
    assert "same model" not in shown
    pair = shown[shown.index('id="pair"') : shown.index('class="with-contents"')]
    assert "Naive." in pair
    assert "Engineered." in pair
    assert 'class="answer' not in pair


def test_runs_of_unnamed_models_are_no_pair(client: Client) -> None:
    entry, first, second = two_versions()
    both(first, second, factories.case(entry, "one"), model_asked="", origin=Run.Origin.PASTED)
    assert "the prompts stand here alone" in page(client, entry)


def test_a_prompt_without_variables_needs_no_case(client: Client) -> None:
    entry = factories.entry(content=factories.content("Naive."))
    first = entry.published
    second = factories.version(entry, factories.content("Engineered."))
    assert first is not None
    both(first, second, None, values={})
    shown = page(client, entry)
    assert "engineered none model-a" in shown
    assert "naive none model-a" in shown


def test_hidden_and_unfinished_runs_are_not_shown(client: Client) -> None:
    entry, first, second = two_versions()
    case = factories.case(entry, "one")
    both(first, second, case, hidden=True)
    both(first, second, case, state=Run.State.FAILED)
    shown = page(client, entry)
    assert "engineered one" not in shown
    assert 'class="proof"' not in shown


def test_the_demo_model_is_named_and_never_counts_as_proof(client: Client) -> None:
    entry, first, second = two_versions()
    case = factories.case(entry, "one")
    both(first, second, case, is_demo=True, model_asked="demo-small")
    shown = page(client, factories.judged(entry))
    assert "Demo model: scripted rules, not a language model." in shown
    assert "Its runs prove nothing about a real one." in shown
    assert "<strong>1</strong> <span>run of the demo model</span>" in shown
    both(first, second, case)
    shown = page(client, factories.judged(entry))
    assert "<strong>1</strong> <span>run captured here</span>" in shown
    assert "Its runs prove nothing" not in shown
    # A real model comes first.
    assert "same model: model-a" in shown


def test_models_stand_side_by_side(client: Client) -> None:
    entry = factories.entry()
    assert entry.published is not None
    case = factories.case(entry, "one")
    for name in ("model-a", "model-b"):
        factories.run(entry.published, case, model_asked=name, output=f"said by {name}")
    factories.run(
        entry.published,
        case,
        output="an older answer",
        created_at=timezone.now() - timedelta(days=1),
    )
    shown = page(client, entry)
    assert "model by model" in shown
    assert "said by model-a" in shown
    assert "said by model-b" in shown
    assert "an older answer" not in shown
    assert shown.count("/runs/") == 2 + 3


def test_pictures_are_shown_with_their_size(client: Client) -> None:
    entry = factories.entry(content=factories.content("A mug", kind="image"))
    assert entry.published is not None
    picture = factories.picture(entry.owner, entry=entry)
    factories.run(entry.published, output="", picture=picture, values={})
    shown = page(client, entry)
    assert f'src="/media/{picture.pk}.png" width="40" height="30"' in shown
    assert "Picture made by model-a" in shown


def test_a_removed_case_is_not_named(client: Client) -> None:
    entry = factories.entry()
    assert entry.published is not None
    case = factories.case(entry, "embarrassing")
    factories.run(entry.published, case)
    case.withdrawn_at = timezone.now()
    case.save()
    shown = page(client, entry)
    assert "embarrassing" not in shown
    assert "a removed case" in shown


def test_try_it_leads_to_the_form_when_anything_can_be_seen_there(client: Client) -> None:
    entry = factories.entry()
    assert entry.published is not None
    assert "Try it" not in page(client, entry)
    factories.site_model(entry)
    assert f'href="{address(entry)}try/' in page(client, entry)
    entry.tryable.clear()
    factories.run(entry.published)
    assert f'href="{address(entry)}try/' in page(client, entry)


def test_code_to_copy_names_only_well_known_addresses(client: Client) -> None:
    entry = factories.entry()
    private = factories.provider(entry.owner, "https://models.intern.example.org/secret/v1")
    entry.tryable.add(factories.model(private, "inner-model"))
    shown = page(client, entry)
    assert "intern.example.org" not in shown
    assert "https://api.openai.com/v1" in shown
    entry.tryable.clear()
    mistral = factories.provider(entry.owner, "https://api.mistral.ai/v1")
    entry.tryable.add(factories.model(mistral, "mistral-small"))
    shown = page(client, entry)
    assert "https://api.mistral.ai/v1" in shown
    assert "mistral-small" in shown


def test_history_shows_notes_and_withdrawals(client: Client) -> None:
    entry, _first, _second = two_versions()
    third = factories.version(entry, note="A secret slipped in")
    versions.withdraw_version(third)
    shown = page(client, entry)
    assert "Much better" in shown
    assert "A secret slipped in" not in shown
    assert "Withdrawn by the author" in shown
    assert "Engineered." in shown


def test_an_import_names_who_wrote_it(client: Client) -> None:
    assert "credit: someone-else" in page(client, factories.entry(credit="someone-else"))


def test_the_page_speaks_french(client: Client) -> None:
    entry, first, second = two_versions()
    both(first, second, factories.case(entry, "one"))
    response = client.get(address(entry), headers={"accept-language": "fr"})
    assert response.status_code == 200
    assert '<html lang="fr">' in response.content.decode()
    assert "1,5" in response.content.decode()


@pytest.mark.parametrize("number", [3, 30])
def test_queries_stay_the_same(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    entry, first, second = two_versions(tags=("one", "two"), use_case="A use")
    factories.site_model(entry)
    for position in range(number):
        both(first, second, factories.case(entry, f"case {position}"))
        factories.run(second, values={"text": str(position)})
    factories.versions_of(entry, number)
    # The first reader's page keeps the rendered texts as well.
    for _reader in range(2):
        with django_assert_max_num_queries(8):
            page(client, entry)


def test_queries_of_an_entry_without_runs(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    entry = factories.entry(tags=("one",), use_case="A use")
    factories.site_model(entry)
    page(client, entry)
    with django_assert_max_num_queries(8):
        page(client, entry)
