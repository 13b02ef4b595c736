"""Pictures: to whoever may see them, with headers that keep private ones private."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from prompts_app.models import Entry, Picture, Try, User
from tests import factories

pytestmark = pytest.mark.django_db


def fetch(client: Client, path: str) -> tuple[int, bytes, dict[str, str]]:
    """Return status, bytes and headers. Read to its end, a file is closed again."""
    response: Any = client.get(path)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, body, dict(response.headers)


def paths(picture: Picture) -> list[str]:
    return [f"/media/{picture.pk}.png", f"/media/{picture.pk}-small.webp"]


def shown_picture(visibility: Entry.Visibility = Entry.Visibility.LISTED) -> tuple[User, Picture]:
    """Return an owner and the cover of one of their entries."""
    entry = factories.entry(visibility=visibility)
    picture = factories.picture(entry.owner, entry=entry)
    entry.cover = picture
    entry.save()
    return entry.owner, picture


def test_public_pictures_are_served_and_may_be_kept(client: Client) -> None:
    _owner, picture = shown_picture()
    for path, kind, start in zip(
        paths(picture), ("image/png", "image/webp"), (b"\x89PNG", b"RIFF"), strict=True
    ):
        status, body, headers = fetch(client, path)
        assert status == 200
        assert body.startswith(start)
        assert headers["Content-Type"] == kind
        assert headers["Content-Length"] == str(len(body))
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Disposition"].startswith("inline")
        assert headers["Cache-Control"].startswith("public")
        assert "Cookie" not in headers.get("Vary", "")


def test_an_unchanged_picture_is_not_sent_again(client: Client) -> None:
    _owner, picture = shown_picture()
    for path in paths(picture):
        _status, _body, headers = fetch(client, path)
        for asked in (
            {"if-none-match": headers["ETag"]},
            {"if-modified-since": headers["Last-Modified"]},
        ):
            response = client.get(path, headers=asked)
            assert response.status_code == 304
            assert response["ETag"] == headers["ETag"]


def test_a_drafts_pictures_are_its_owners_and_stay_private(client: Client) -> None:
    owner, picture = shown_picture(Entry.Visibility.DRAFT)
    for path in paths(picture):
        assert fetch(client, path)[0] == 404
    client.force_login(factories.user())
    for path in paths(picture):
        assert fetch(client, path)[0] == 404
    client.force_login(owner)
    for path in paths(picture):
        status, _body, headers = fetch(client, path)
        assert status == 200
        assert headers["Cache-Control"] == "private, no-cache"


def test_a_picture_nothing_shows_is_its_owners(client: Client) -> None:
    entry = factories.entry()
    picture = factories.picture(entry.owner, entry=entry)
    assert fetch(client, paths(picture)[0])[0] == 404
    assert entry.published is not None
    factories.run(entry.published, picture=picture, output="")
    assert fetch(client, paths(picture)[0])[0] == 200


def test_a_trys_picture_lives_as_long_as_the_try_and_is_never_shared(client: Client) -> None:
    entry = factories.entry()
    attempt = factories.attempt(entry)
    picture = factories.picture(entry.owner, attempt=attempt)
    status, _body, headers = fetch(client, paths(picture)[0])
    assert status == 200
    assert headers["Cache-Control"] == "private, no-cache"
    Try.objects.update(expires_at=timezone.now())
    assert fetch(client, paths(picture)[0])[0] == 404


def test_an_avatar_is_shown_with_its_profile(client: Client) -> None:
    entry = factories.entry()
    profile = entry.owner.profile
    profile.avatar = factories.picture(entry.owner)
    profile.save()
    assert profile.avatar is not None
    assert fetch(client, paths(profile.avatar)[1])[0] == 200


@pytest.mark.parametrize(
    "ending",
    [".jpeg", ".svg", ".webp", "", "-small.png", ".png/", "/../secret", ".png%00", "-large.webp"],
)
def test_no_other_address_leads_to_a_picture(client: Client, ending: str) -> None:
    _owner, picture = shown_picture()
    assert fetch(client, f"/media/{picture.pk}{ending}")[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        f"/media/{uuid.UUID(int=7)}.png",
        "/media/",
        "/media/pictures/",
        "/media/..%2f..%2fetc/passwd",
        "/media/1.png",
    ],
)
def test_nothing_else_is_there(client: Client, path: str) -> None:
    assert fetch(client, path)[0] == 404


def test_a_file_that_is_gone_is_not_found(client: Client) -> None:
    _owner, picture = shown_picture()
    picture.file.storage.delete(picture.file.name or "")
    assert fetch(client, paths(picture)[0])[0] == 404


def test_only_reading_is_allowed(client: Client) -> None:
    _owner, picture = shown_picture()
    for path in paths(picture):
        assert client.post(path).status_code == 405
