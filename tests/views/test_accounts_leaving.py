"""Deleting one's account: closed at once, undone by signing in, gone with everything after."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from prompts_app.models import Entry, PreviewCard, Profile, Report, User
from prompts_app.services import accounts, cards, leaving, post, share_tokens, worker
from prompts_app.services.captures import keep_picture_output
from tests import factories
from tests.clock import Clock
from tests.sharing import Shared, shared_entry, with_cover

pytestmark = pytest.mark.django_db

PAGE = reverse("account_delete")
LOGIN = reverse("account_login")
AGAIN = reverse("account_reauthenticate")
SURE = {"sure": "on"}
DELAY = timedelta(days=14)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stands still until moved."""
    with Clock() as clock:
        yield clock


@pytest.fixture
def shared(clock: Clock) -> Shared:
    """An author with everything: a public entry with picture, runs, a try, a link."""
    made = with_cover(shared_entry(visibility=Entry.Visibility.LISTED))
    factories.attempt(made.entry)
    factories.share_link(made.entry.owner, made.entry)
    return made


@pytest.fixture
def author(shared: Shared) -> User:
    """The author, whose address is confirmed."""
    owner = shared.entry.owner
    EmailAddress.objects.create(user=owner, email=owner.email, primary=True, verified=True)
    return owner


def sign_in(client: Client, user: User) -> Any:
    return client.post(LOGIN, {"login": user.email, "password": factories.PASSWORD})


def asked_again(client: Client, user: User) -> None:
    """Sign in and type the password once more."""
    sign_in(client, user)
    client.post(AGAIN, {"password": factories.PASSWORD})


def public_pages(shared: Shared) -> list[str]:
    """Every kind of page that shows something of the author's."""
    owner, entry = shared.entry.owner, shared.entry
    at = [owner.profile.handle, entry.slug]
    assert entry.cover is not None
    return [
        *(reverse("profile", args=at[:1]), reverse("entry", args=at), reverse("try", args=at)),
        *(reverse("version", args=[*at, 1]), reverse("evidence", args=at)),
        *(reverse("run", args=[shared.after.pk]), reverse("picture", args=[entry.cover.pk, "png"])),
        *(reverse("share", args=[share_tokens.token_of(link)]) for link in owner.share_links.all()),
        *(reverse("trial", args=[one.pk]) for one in entry.tries.all()),
    ]


def told(pages: list[str]) -> set[int]:
    seen = set()
    for page in pages:
        response: Any = Client().get(page)
        if response.streaming:
            b"".join(response.streaming_content)
        seen.add(response.status_code)
    return seen


def test_the_page_says_what_goes_and_when_and_asks_again(
    client: Client, author: User, shared: Shared
) -> None:
    sign_in(client, author)
    # A browser left open is not enough, neither to look nor to send.
    for response in (client.get(PAGE), client.post(PAGE)):
        assert response["Location"].startswith(AGAIN)
    author.refresh_from_db()
    assert author.is_active
    client.post(AGAIN, {"password": factories.PASSWORD})
    page = client.get(PAGE).content.decode()
    assert "1 entry, with 2 versions" in page
    assert "2 outputs, with their receipts" in page
    assert "1 share link" in page
    assert "26 May 2026" in page
    assert "within 14 days" in page


def test_a_button_alone_closes_nothing(client: Client, author: User, shared: Shared) -> None:
    asked_again(client, author)
    for sent in ({}, {"sure": ""}):
        response = client.post(PAGE, sent)
        assert response.status_code == 422
        page = response.content.decode()
        assert "Nothing is deleted yet." in page
        assert "Until 26 May 2026 you can undo it by signing in." in page
        assert re.search(r'<input [^>]*name="sure"[^>]* autofocus', page)
    author.refresh_from_db()
    assert author.is_active
    assert told(public_pages(shared)) == {200}


def test_it_closes_at_once_and_signing_in_brings_everything_back(
    client: Client, author: User, shared: Shared, clock: Clock, mailoutbox: list[Any]
) -> None:
    pages = public_pages(shared)
    assert told(pages) == {200}
    elsewhere = Client()
    sign_in(elsewhere, author)
    asked_again(client, author)
    response = client.post(PAGE, SURE, follow=True)
    assert response.redirect_chain == [(reverse("left"), 302)]
    assert "signing in brings everything back" in response.content.decode()
    assert told(pages) == {404}
    assert client.get(reverse("studio")).status_code == 302
    assert elsewhere.get(reverse("studio")).status_code == 302
    post.delivered()
    assert mailoutbox[-1].to == [author.email]
    assert "26 May 2026" in mailoutbox[-1].body
    # A forgotten password does not lock the way back.
    client.post(reverse("account_reset_password"), {"email": author.email})
    post.delivered()
    assert "password/reset/key" in mailoutbox[-1].body

    clock.move(DELAY - SECOND)
    assert leaving.delete_due() == 0
    response = Client().post(LOGIN, {"login": author.email, "password": "wrong"})
    assert response.status_code == 422
    assert told(pages) == {404}
    back = Client()
    assert sign_in(back, author)["Location"] == reverse("studio")
    assert "nothing is deleted" in back.get(reverse("studio")).content.decode()
    assert told([page for page in pages if "/tries/" not in page]) == {200}
    clock.move(DELAY)
    assert leaving.delete_due() == 0


def test_the_second_step_comes_before_anything_is_undone(
    client: Client, author: User, shared: Shared
) -> None:
    secret = factories.second_step(author)
    leaving.leave(author)
    page = public_pages(shared)[0]
    assert sign_in(client, author)["Location"] == reverse("mfa_authenticate")
    assert told([page]) == {404}
    client.post(reverse("mfa_authenticate"), {"code": factories.code_of(secret)})
    assert told([page]) == {200}


def test_too_late_is_too_late_even_before_the_worker_came(
    client: Client, author: User, shared: Shared, clock: Clock
) -> None:
    leaving.leave(author)
    clock.move(DELAY)
    assert sign_in(client, author)["Location"] == reverse("left")
    author.refresh_from_db()
    assert not leaving.come_back(author)
    assert not author.is_active


def test_whoever_was_suspended_does_not_come_back_by_leaving(client: Client, author: User) -> None:
    accounts.suspend(author)
    leaving.leave(author)
    assert sign_in(client, author)["Location"] == reverse("account_inactive")
    author.refresh_from_db()
    assert not author.is_active


def test_the_last_operator_stays(client: Client, author: User) -> None:
    User.objects.filter(pk=author.pk).update(is_staff=True, is_superuser=True)
    asked_again(client, author)
    assert "Nobody else runs this site" in client.get(PAGE).content.decode()
    assert "Delete my account" not in client.get(PAGE).content.decode()
    assert client.post(PAGE, SURE).status_code == 422
    author.refresh_from_db()
    assert author.is_active
    # One who is closed already does not count.
    other = User.objects.create_superuser("other@example.org", factories.PASSWORD)
    accounts.suspend(other)
    assert client.post(PAGE, SURE).status_code == 422
    accounts.lift(other)
    assert client.post(PAGE, SURE)["Location"] == reverse("left")


def rows_of(user: User) -> dict[str, int]:
    """Return how many rows of each table lead to the account, by whatever way."""
    found = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.related_model is User:
                number = model._default_manager.filter(**{field.name: user.pk}).count()
                if number:
                    found[f"{model.__name__}.{field.name}"] = number
    return found


def files() -> list[Path]:
    root = Path(django_settings.MEDIA_ROOT)
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_then_everything_is_gone_and_nothing_of_others(clock: Clock, settings: Settings) -> None:
    other = with_cover(shared_entry(visibility=Entry.Visibility.LISTED))
    kept_files = set(files())
    kept = counts()
    handle_of = Profile.objects.values_list("handle", flat=True)
    shared = with_cover(shared_entry(visibility=Entry.Visibility.LISTED))
    user = shared.entry.owner
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    factories.second_step(user)
    factories.site_model(shared.entry)
    factories.provider(user)
    factories.attempt(shared.entry)
    link = factories.share_link(user, shared.entry)
    keep_picture_output(shared.version, factories.png(), model_name="m", case=None, values={})
    cards.Rounds().make_due()
    Client().get(reverse("share", args=[share_tokens.token_of(link)]))
    sign_in(Client(), user)
    Report.objects.create(page="/@x/", author=user, reason="spam", visitor="0" * 64)
    assert set(files()) > kept_files
    assert len(rows_of(user)) > 8
    leaving.leave(user)
    clock.move(DELAY)
    assert leaving.delete_due() == 1
    assert rows_of(user) == {}
    assert not User.objects.filter(pk=user.pk).exists()
    assert list(handle_of) == [other.entry.owner.profile.handle]
    # The report stays for the operator, without the account.
    assert Report.objects.get().author is None
    left = {name: number - kept.get(name, 0) for name, number in counts().items()}
    # What belongs to the site itself: its provider, its cards, and what texts look like.
    assert {name for name, number in left.items() if number} <= {
        *("Provider", "LLMModel", "PreviewCard", "RenderedText", "Report", "Tag"),
        *("VisitorSalt", "Session", "ReceiptKey"),
    }
    assert not PreviewCard.objects.filter(profile__user=user.pk).exists()
    mine = {str(card.file) for card in PreviewCard.objects.exclude(file="")}
    root = Path(django_settings.MEDIA_ROOT)
    assert {str(path.relative_to(root)) for path in set(files()) - kept_files} <= mine


def counts() -> dict[str, int]:
    """Return how many rows every table has."""
    return {model.__name__: model._default_manager.count() for model in apps.get_models()}


def test_the_worker_looks_every_minute() -> None:
    assert (60, leaving.delete_due) in worker.CHORES
