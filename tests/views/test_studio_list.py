"""What an author does from the studio's list: arrange, pin, put away, delete and take back."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from prompts_app.models import Entry, User
from prompts_app.services import arranging, endings
from tests import factories

pytestmark = pytest.mark.django_db
STUDIO = reverse("studio")


@pytest.fixture
def author() -> User:
    """An account with a profile."""
    return factories.profile().user


@pytest.fixture
def signed_in(client: Client, author: User) -> Client:
    """The author's browser."""
    client.force_login(author)
    return client


def of(entry: Entry, name: str) -> str:
    """Return the address of what can be done to an entry."""
    return reverse(name, args=[entry.slug])


def titles(client: Client) -> list[str]:
    """Return what the list shows, in its order."""
    return [row["entry"].title for row in client.get(STUDIO).context["rows"]]


def entries(author: User, *names: str) -> list[Entry]:
    """Make entries that stand in this order."""
    return [factories.entry(author, title=name) for name in reversed(names)][::-1]


def test_plain_buttons_move_an_entry(signed_in: Client, author: User) -> None:
    a, b, c = entries(author, "A", "B", "C")
    for entry, to, wanted in ((c, "up", "ACB"), (c, "first", "CAB"), (a, "down", "CBA")):
        response = signed_in.post(of(entry, "studio_entry_move"), {"to": to})
        assert response["Location"] == f"{STUDIO}#entry-{entry.pk}"
        assert "".join(titles(signed_in)) == wanted
    page = signed_in.post(of(b, "studio_entry_move"), {"to": "last"}, follow=True)
    assert "“B” is now number 3." in page.content.decode()


def test_a_script_says_beside_which_entry(signed_in: Client, author: User) -> None:
    a, b, c = entries(author, "A", "B", "C")
    address = of(a, "studio_entry_move")
    headers = {"Accept": "application/json"}
    for where, other, wanted in (("after", c, "BCA"), ("before", b, "ABC"), ("after", b, "BAC")):
        response = signed_in.post(address, {where: other.slug}, headers=headers)
        assert (response.status_code, response.content) == (204, b"")
        assert "".join(titles(signed_in)) == wanted
    strange = factories.entry()
    for nonsense in ({}, {"to": "away"}, {"after": strange.slug}, {"before": "\x00"}):
        assert signed_in.post(address, nonsense).status_code == 404
    assert "".join(titles(signed_in)) == "BAC"


def test_others_entries_are_nobodys_to_arrange(signed_in: Client) -> None:
    entry = factories.entry()
    names = ("move", "pin", "archive", "take_back", "delete")
    for name in (*(f"studio_entry_{one}" for one in names),):
        assert signed_in.post(of(entry, name), {"to": "up"}).status_code == 404
    endings.discard(entry)
    for name in ("studio_bin_restore", "studio_bin_delete"):
        assert signed_in.post(of(entry, name)).status_code == 404
    assert Entry.objects.filter(pk=entry.pk).exists()


def test_six_are_pinned_and_not_a_seventh(signed_in: Client, author: User) -> None:
    made = entries(author, *"ABCDEFG")
    for entry in made:
        page = signed_in.post(of(entry, "studio_entry_pin"), follow=True).content.decode()
    assert "6 entries are pinned, and no more can be" in page
    assert Entry.objects.filter(pinned=True).count() == arranging.MAX_PINNED
    signed_in.post(of(made[0], "studio_entry_pin"), {"off": "1"})
    signed_in.post(of(made[6], "studio_entry_pin"))
    assert "".join(titles(signed_in)) == "BCDEFGA"


def test_the_profile_shows_the_authors_order_pinned_first(client: Client, author: User) -> None:
    made = [factories.entry(author, title=f"Entry number {number}") for number in range(53)]
    for entry in made[10:20]:
        arranging.step(entry, -1000)
    for entry in made[3:6]:
        arranging.pin(entry)
    wanted = [entry.title for entry in Entry.objects.filter(owner=author).in_order()]
    address: str = reverse("profile", args=[author.profile.handle])
    shown: list[str] = []
    pages = []
    while address:
        pages.append(address)
        context = client.get(address).context
        assert bool(context["pinned"]) == context["first_page"]
        shown += [card["title"] for card in (*context["pinned"], *context["cards"])]
        address = context["older"]
    assert shown == wanted
    for wanted_page in (shown[24:48], shown[3:24]):
        context = client.get(context["newer"]).context
        assert [card["title"] for card in context["cards"]] == wanted_page
    assert not context["newer"]
    first = client.get(pages[0]).content.decode()
    assert first.count('class="card ') == 3
    assert first.count('class="result ') == 21


def test_what_is_archived_stands_apart_and_comes_back(signed_in: Client, author: User) -> None:
    a, _b = entries(author, "A", "B")
    page = signed_in.post(of(a, "studio_entry_archive"), follow=True).content.decode()
    assert "“A” is archived: only you see it." in page
    assert of(a, "studio_entry_take_back") in page
    assert titles(signed_in) == ["B"]
    assert "A</a>" in signed_in.get(reverse("studio_archived")).content.decode()
    # It is still there to be worked on, and its settings know nothing of who sees it.
    settings = signed_in.get(of(a, "studio_entry_settings"))
    assert "visibility" not in settings.context["form"].fields
    fields = {"title": "A2", "slug": a.slug, "language": "en", "visibility": "listed"}
    signed_in.post(of(a, "studio_entry_settings"), fields)
    a.refresh_from_db()
    assert (a.title, a.visibility) == ("A2", "archived")
    assert signed_in.post(of(a, "studio_entry_pin")).status_code == 404
    signed_in.post(of(a, "studio_entry_take_back"))
    a.refresh_from_db()
    assert a.visibility == "listed"
    assert "The archive is empty" in signed_in.get(reverse("studio_archived")).content.decode()


def test_deleting_says_what_goes_and_can_be_undone(signed_in: Client, author: User) -> None:
    entry = factories.entry(author, title="Gone soon")
    factories.run(factories.version(entry), factories.case(entry))
    factories.attempt(entry)
    factories.picture(author, entry=entry)
    factories.share_link(author, entry, label="For Acme")
    factories.share_link(author, entry, label="Taken back", revoked_at=entry.created_at)
    page = signed_in.get(of(entry, "studio_entry_delete")).content.decode()
    for said in ("2 versions", "1 output<", "1 test case", "1 try", "1 picture", "For Acme"):
        assert said in page
    assert "Taken back" not in page
    page = signed_in.post(of(entry, "studio_entry_delete"), follow=True).content.decode()
    assert "“Gone soon” is in the bin until" in page
    assert signed_in.get(of(entry, "studio_entry")).status_code == 404
    assert "Gone soon" in signed_in.get(reverse("studio_bin")).content.decode()
    signed_in.post(of(entry, "studio_bin_restore"))
    assert titles(signed_in) == ["Gone soon"]
    assert signed_in.post(of(entry, "studio_bin_restore")).status_code == 404


def test_what_lies_in_the_bin_may_go_at_once(signed_in: Client, author: User) -> None:
    entry = factories.entry(author, title="Secret")
    address = of(entry, "studio_bin_delete")
    assert signed_in.get(address).status_code == 404
    assert signed_in.post(address).status_code == 404
    endings.discard(entry)
    assert "cannot be undone" in signed_in.get(address).content.decode()
    assert signed_in.post(address)["Location"] == reverse("studio_bin")
    assert not Entry.objects.filter(pk=entry.pk).exists()
    assert "The bin is empty" in signed_in.get(reverse("studio_bin")).content.decode()


@pytest.mark.parametrize(("name", "put"), [("archived", "archive"), ("bin", "discard")])
def test_more_put_away_is_no_more_queries(
    signed_in: Client,
    author: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    name: str,
    put: str,
) -> None:
    def away(number: int) -> None:
        for _ in range(number):
            getattr(endings, put)(factories.entry(author))

    away(1)
    address = reverse(f"studio_{name}")
    with django_assert_max_num_queries(6) as first:
        signed_in.get(address)
    away(10)
    with django_assert_max_num_queries(len(first)):
        assert signed_in.get(address).content.decode().count('class="item"') == 11


@pytest.mark.parametrize("query", [{"gone": "\x00"}, {"gone": "nothing"}, {"page": "x"}])
def test_odd_addresses_are_the_list(signed_in: Client, query: dict[str, Any]) -> None:
    page = signed_in.get(STUDIO, query)
    assert page.status_code == 200
    assert page.context["gone"] is None


def test_the_pages_speak_french(signed_in: Client, author: User) -> None:
    entry = factories.entry(author)
    endings.discard(entry)
    signed_in.cookies["language"] = "fr"
    for address in ("studio_archived", "studio_bin"):
        assert '<html lang="fr"' in signed_in.get(reverse(address)).content.decode()
    assert signed_in.get(of(entry, "studio_bin_delete")).status_code == 200
