"""A changed handle or slug: the old address leads on, for all that stands under it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from prompts_app.models import Entry, FormerHandle, FormerSlug, Profile
from prompts_app.services import (
    accounts,
    addresses,
    endings,
    entries,
    profiles,
    share_tokens,
)
from tests import factories
from tests.test_promises_access import ENTRIES
from tests.walking import Walk, routes

pytestmark = pytest.mark.django_db


def rename(profile: Profile, handle: str) -> None:
    profiles.save_profile(profile.user, handle=handle, name=profile.name)


def entry_at(handle: str, slug: str, **fields: Any) -> Entry:
    return factories.entry(factories.profile(handle=handle).user, slug=slug, **fields)


def test_everything_under_an_old_address_leads_to_the_new_one() -> None:
    walk = Walk(Entry.Visibility.LISTED)
    entry = walk.shared.entry
    owner = entry.owner
    before = {"handle": owner.profile.handle, "slug": entry.slug}
    rename(owner.profile, "somebody-else")
    addresses.change_slug(entry, "something-else")
    paths = {
        route.name: "/" + walk.path(route, "anonymous").lstrip("/")
        for route in routes()
        if route.name in ENTRIES and "handle" in route.parameters
    }
    assert len(paths) >= 9
    for name, path in paths.items():
        assert f"@{before['handle']}" in path
        wanted = path.replace(before["handle"], "somebody-else")
        wanted = wanted.replace(f"/{before['slug']}/", "/something-else/")
        response = Client().get(path + "?case=x&from=1")
        assert response.status_code == 301, name
        assert response["Location"] == wanted + "?case=x&from=1", name
        # Somebody else may have the address one day.
        assert response["Cache-Control"] == "no-cache"
        assert Client().get(wanted).status_code == 200, name
        assert Client().get(f"{path}nothing/").status_code == 404


def test_what_was_posted_is_posted_there(client: Client) -> None:
    entry = entry_at("ada", "engine")
    rename(entry.owner.profile, "countess")
    response = client.post("/@ada/engine/try/", {"text": "x"})
    assert (response.status_code, response["Location"]) == (308, "/@countess/engine/try/")


def test_only_whoever_may_see_a_page_is_told_where_it_stands(client: Client) -> None:
    entry = entry_at("ada", "engine", visibility="draft")
    rename(entry.owner.profile, "countess")
    addresses.change_slug(entry, "motor")
    for path in ("/@ada/", "/@ada/engine/", "/@countess/engine/", "/@nobody/engine/"):
        assert client.get(path).status_code == 404
    client.force_login(entry.owner)
    assert client.get("/@ada/engine/")["Location"] == "/@countess/motor/"
    endings.discard(entry)
    assert client.get("/@ada/engine/").status_code == 404


def test_a_chain_of_changes_leads_to_the_end_of_it(client: Client) -> None:
    entry = entry_at("ada", "a")
    for slug in ("b", "c", "a", "d"):
        addresses.change_slug(entry, slug)
    for handle in ("countess", "Ada", "lovelace"):
        rename(entry.owner.profile, handle)
    for path in ("/@ada/a/", "/@ADA/b/", "/@countess/c/", "/@lovelace/a/"):
        assert client.get(path)["Location"] == "/@lovelace/d/", path
    assert client.get("/@ada/")["Location"] == "/@lovelace/"
    # Back at an old one, nothing leads away from it.
    rename(entry.owner.profile, "ada")
    addresses.change_slug(entry, "a")
    assert client.get("/@ada/a/").status_code == 200
    assert client.get("/@lovelace/d/")["Location"] == "/@ada/a/"


def test_nobody_takes_a_handle_within_ninety_days_of_its_change(client: Client) -> None:
    ada = entry_at("ada", "engine").owner
    rename(ada.profile, "countess")
    other = factories.profile(handle="other")
    for handle in ("ada", "ADA"):
        with pytest.raises(addresses.HandleTaken):
            rename(other, handle)
        with pytest.raises(addresses.HandleTaken):
            accounts.create_author("new@example.org", None, handle=handle, name="New")
    other.refresh_from_db()
    assert other.handle == "other"
    client.force_login(other.user)
    page = client.post(
        reverse("studio_profile"),
        {"handle": "ada", "name": "Other", "accent": "blue", "contact_mode": "none"}
        | {f"{rows}-TOTAL_FORMS": "0" for rows in ("links", "certifications")},
    )
    assert page.status_code == 422
    assert "had it until lately" in page.content.decode()
    almost = timezone.now() - addresses.KEPT_FREE + timedelta(minutes=1)
    FormerHandle.objects.update(changed_at=almost)
    with pytest.raises(addresses.HandleTaken):
        rename(other, "ada")
    FormerHandle.objects.update(changed_at=almost - timedelta(minutes=2))
    rename(other, "ada")


def test_whoever_takes_an_old_handle_has_it(client: Client) -> None:
    first = entry_at("ada", "engine").owner
    rename(first.profile, "countess")
    FormerHandle.objects.update(changed_at=timezone.now() - timedelta(days=91))
    assert client.get("/@ada/engine/")["Location"] == "/@countess/engine/"
    second = factories.profile(handle="second")
    rename(second, "ada")
    # The new one shows nothing yet; the old one's pages are not theirs.
    assert client.get("/@ada/engine/").status_code == 404
    factories.entry(second.user, slug="engine")
    assert client.get("/@ada/engine/").status_code == 200
    rename(second, "third")
    assert client.get("/@ada/engine/")["Location"] == "/@third/engine/"
    # Its author may have it back at once.
    rename(second, "ada")
    assert not FormerHandle.objects.filter(handle="ada").exists()


def test_another_entry_that_takes_an_old_slug_has_it(client: Client) -> None:
    entry = entry_at("ada", "engine")
    addresses.change_slug(entry, "motor")
    # What is found by itself leaves old addresses alone.
    assert entries.create_entry(entry.owner, title="Engine").slug == "engine-2"
    taken = factories.entry(entry.owner, slug="engine", visibility="draft")
    assert client.get("/@ada/engine/").status_code == 404
    with pytest.raises(addresses.SlugTaken):
        addresses.change_slug(entry, "engine")
    for word in addresses.TAKEN_SLUGS:
        with pytest.raises(addresses.SlugTaken):
            addresses.change_slug(entry, word)
    endings.discard(taken)
    with pytest.raises(addresses.SlugTaken):
        addresses.change_slug(entry, "engine")
    entries.delete_entry(taken)
    addresses.change_slug(entry, "engine")
    assert list(FormerSlug.objects.values_list("slug", flat=True)) == ["motor"]


def test_the_studio_and_share_links_know_old_slugs_too(client: Client) -> None:
    entry = entry_at("ada", "engine")
    link = factories.share_link(entry.owner, entry)
    addresses.change_slug(entry, "motor")
    addresses.change_slug(entry, "machine")
    assert link.items.count() == 1

    token = share_tokens.token_of(link)
    for slug in ("engine", "motor", "machine"):
        assert client.get(f"/s/{token}/{slug}/").status_code == 200
    assert client.get(f"/s/{token}/mill/").status_code == 404
    client.force_login(factories.profile().user)
    assert client.get("/studio/entries/engine/cases/").status_code == 404
    client.force_login(entry.owner)
    response = client.get("/studio/entries/engine/cases/")
    assert response["Location"] == "/studio/entries/machine/cases/"
    assert client.post("/studio/entries/engine/").status_code == 308


def test_the_settings_change_the_address(client: Client) -> None:
    entry = entry_at("ada", "engine", title="Engine")
    factories.entry(entry.owner, slug="motor")
    client.force_login(entry.owner)
    address = reverse("studio_entry_settings", args=["engine"])
    fields = {"title": "Engine", "language": "en", "visibility": "listed"}
    for slug in ("", "two words", "é", "motor", "new", "x" * 81):
        response = client.post(address, fields | {"slug": slug})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["slug"]
        assert Entry.objects.filter(pk=entry.pk, slug="engine").exists()
    response = client.post(address, fields | {"slug": "machine"})
    assert response["Location"] == reverse("studio_entry_settings", args=["machine"])
    assert client.get("/@ada/engine/")["Location"] == "/@ada/machine/"


def test_what_never_was_costs_little(client: Client) -> None:
    entry_at("ada", "engine")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/@ada/nothing/evidence/").status_code == 404
    assert len(queries) <= 6
