"""From an empty studio to an entry that can be sent: three steps, and what an entry starts from."""

import pytest
from django.test import Client
from django.urls import reverse

from prompts_app.demo import starters
from prompts_app.models import Entry, Profile, User
from prompts_app.services import endings, first_steps
from tests import factories

pytestmark = pytest.mark.django_db
STUDIO, NEW, SKIP = (reverse(f"studio{one}") for one in ("", "_entry_new", "_skip_step"))
FIELDS = {"language": "en", "kind": "text", "visibility": "draft"}


@pytest.fixture
def newcomer(client: Client) -> User:
    """An account that has just signed in for the first time, and whose browser it is."""
    user = factories.user()
    client.force_login(user)
    return user


def states(user: User) -> list[str]:
    """Return the state of each step, as the database says; nothing where the path is gone."""
    path = first_steps.path_of(User.objects.get(pk=user.pk))
    return [step.state for step in path.steps] if path else []


def test_progress_is_what_is_there(client: Client, newcomer: User) -> None:
    assert states(newcomer) == ["now", "later", "later"]
    assert "Say who you are" in client.get(STUDIO).content.decode()
    factories.profile(newcomer)
    assert states(newcomer) == ["done", "now", "later"]
    entry = factories.entry(newcomer, published=False, content=factories.content(""))
    lacking = []
    for change in (
        lambda: None,
        lambda: factories.version(entry),
        lambda: factories.run(entry.versions.get()),
        lambda: None,
    ):
        change()
        path = first_steps.path_of(User.objects.get(pk=newcomer.pk))
        assert path is not None
        assert states(newcomer) == ["done", "done", "now"]
        lacking.append(path.lacks)
    assert lacking == ["write", "output", "show", "show"]
    page = client.get(STUDIO).content.decode()
    assert reverse("studio_entry_settings", args=[entry.slug]) in page
    Entry.objects.filter(pk=entry.pk).update(visibility="links")
    assert states(newcomer) == []
    assert "Three steps" not in client.get(STUDIO).content.decode()
    endings.discard(entry)
    assert states(newcomer) == ["done", "now", "later"]


def test_a_draft_is_to_be_published(newcomer: User) -> None:
    factories.profile(newcomer)
    factories.entry(newcomer, published=False)
    path = first_steps.path_of(newcomer)
    assert path is not None
    assert path.lacks == "publish"


def test_each_step_can_be_passed_over(client: Client, newcomer: User) -> None:
    wanted: list[list[str]] = [["skipped", "now", "later"], ["skipped", "skipped", "now"], []]
    for step, left in zip(first_steps.STEPS, wanted, strict=True):
        assert client.post(SKIP, {"step": step})["Location"] == STUDIO
        assert states(newcomer) == left
    # Without a word about oneself there are still addresses for entries.
    stand_in = Profile.objects.get(user=newcomer)
    assert stand_in.handle.startswith("author-")
    assert client.get(NEW).status_code == 200
    assert "Nothing here yet" in client.get(STUDIO).content.decode()


def test_the_whole_path_can_be_hidden(client: Client, newcomer: User) -> None:
    client.post(SKIP, {"step": "all"})
    assert states(newcomer) == []
    for nonsense in ({}, {"step": "x"}, {"step": "\x00"}):
        assert client.post(SKIP, nonsense).status_code == 404


def test_a_step_done_after_all_is_done(client: Client, newcomer: User) -> None:
    client.post(SKIP, {"step": "profile"})
    Profile.objects.filter(user=newcomer).update(name="Ada")
    assert states(newcomer) == ["done", "now", "later"]


def test_a_pasted_prompt_is_the_draft_with_its_variables(client: Client) -> None:
    author = factories.profile().user
    client.force_login(author)
    prompt = "Say {{ what }} to {{ whom }}, {{ what }}. {{ not so }} {{"
    client.post(NEW, FIELDS | {"title": "Greeting", "prompt": prompt})
    content = Entry.objects.get(owner=author).draft.content
    assert content["messages"] == [{"role": "user", "content": prompt}]
    assert [one["name"] for one in content["variables"]] == ["what", "whom"]


@pytest.mark.parametrize("language", starters.LANGUAGES)
def test_every_template_makes_an_entry(client: Client, language: str) -> None:
    author = factories.profile().user
    client.force_login(author)
    client.cookies["language"] = language
    page = client.get(NEW, {"template": "summary"}).content.decode()
    for starter in starters.load(language).values():
        assert starter.about in page
        sent = FIELDS | {"template": starter.key, "prompt": "not this one", "language": "de"}
        response = client.post(NEW, sent)
        assert response.status_code == 302, response.context["form"].errors
        entry = Entry.objects.get(owner=author, title=starter.title)
        assert (entry.language, entry.kind) == (language, starter.content["kind"])
        assert entry.draft.content == starter.content
        assert entry.cases.count() == len(starter.cases)
        assert entry.tags.count() == len(starter.tags)
        assert client.get(response["Location"]).status_code == 200
    client.post(NEW, FIELDS | {"template": "picture", "title": "Mine", "tags": "own"})
    mine = Entry.objects.get(owner=author, title="Mine")
    assert [tag.slug for tag in mine.tags.all()] == ["own"]


@pytest.mark.parametrize("template", ["nonsense", "\x00", "../en/summary"])
def test_unknown_templates_are_refused(client: Client, template: str) -> None:
    client.force_login(factories.profile().user)
    assert client.get(NEW, {"template": template}).status_code == 200
    response = client.post(NEW, FIELDS | {"template": template, "title": "Kept"})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["template"]
    assert 'value="Kept"' in response.content.decode()
