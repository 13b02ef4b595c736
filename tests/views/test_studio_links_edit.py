"""Making share links, changing them, and beginning with a former one."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from prompts_app.models import Entry, ShareItem, ShareLink, User
from prompts_app.services import entries, share_tokens, shares, versions
from tests import factories
from tests.clock import Clock

pytestmark = pytest.mark.django_db

NEW = "/studio/links/new/"
TYPED: dict[str, Any] = {
    "company": "Acme",
    "role": "Prompt engineer",
    "label": "",
    "language": "en",
    "note": "Dear **Acme**",
    "pay": "€ 60,000",
    "start": "June",
    "expiry": "never",
    "expires_at": "",
    "password": "",
    "shows_prompts": "on",
    "allows_tries": "on",
    "tries_allowed": "12",
    "budget": "0,75",
    "save": "1",
}


@pytest.fixture
def author(client: Client) -> User:
    """An author in Paris, signed in."""
    owner = factories.profile().user
    owner.time_zone = "Europe/Paris"
    owner.save()
    client.force_login(owner)
    return owner


def of(*chosen: Entry, **fields: Any) -> dict[str, Any]:
    """Return what the form sends for these entries."""
    return TYPED | {"item": [entry.pk for entry in chosen]} | fields


def post(client: Client, address: str, data: Mapping[str, Any], status: int = 422) -> str:
    """Send the form and return the page that comes back."""
    response = client.post(address, data)
    assert response.status_code == status
    return response.content.decode()


def test_a_link_is_made_with_all_that_was_typed(client: Client, author: User) -> None:
    first, second = (factories.entry(author, title=f"Entry {n}") for n in (1, 2))
    pinned = first.published
    assert pinned is not None
    factories.version(first)
    page = client.get(NEW).content.decode()
    assert f'<option value="{first.pk}" lang="en">Entry 1</option>' in page
    assert "coax its text out of the model" in page
    response = client.post(
        NEW,
        of(
            second,
            first,
            **{
                f"entry-{first.pk}-version": pinned.pk,
                f"entry-{second.pk}-sentence": "You read invoices.",
            },
        ),
    )
    link = ShareLink.objects.get()
    assert response["Location"] == reverse("studio_link", args=[link.pk])
    assert (link.owner, link.company, link.role) == (author, "Acme", "Prompt engineer")
    assert (link.language, link.note, link.pay) == ("en", "Dear **Acme**", "€ 60,000")
    assert (link.start, link.expires_at, link.password) == ("June", None, "")
    assert (link.shows_prompts, link.allows_tries) == (True, True)
    assert (link.tries_allowed, link.budget) == (12, 750_000)
    assert [
        (item.entry, item.version, item.sentence) for item in link.items.order_by("position")
    ] == [(second, None, "You read invoices."), (first, pinned, "")]
    assert share_tokens.find(share_tokens.token_of(link)) == link


def test_entries_are_added_moved_and_taken_off_without_scripts(
    client: Client, author: User
) -> None:
    one, two, three = (factories.entry(author, title=f"Entry {n}") for n in (1, 2, 3))
    sent = of(password="typed already", budget="no amount")

    def press(**button: Any) -> str:
        page = post(client, NEW, {**sent, **button}, 200)
        # Nothing is saved, nothing is lost, and nothing is called wrong before it is sent.
        assert not ShareLink.objects.exists()
        assert 'value="typed already"' in page
        assert 'value="no amount"' in page
        assert "Dear **Acme**" in page
        assert "field__error" not in page
        keys = [str(entry.pk) for entry in (one, two, three)]
        places = {page.find(f'name="item" value="{key}"'): key for key in keys}
        places.pop(-1, None)
        sent["item"] = [places[place] for place in sorted(places)]
        return page

    page = press(add="1", entry=one.pk)
    assert "“Entry 1” is added." in page
    press(add="1", entry=two.pk)
    press(add="1", entry=three.pk)
    assert sent["item"] == [str(one.pk), str(two.pk), str(three.pk)]
    sent[f"entry-{three.pk}-sentence"] = "Kept with its entry."
    page = press(up=three.pk)
    assert "“Entry 3” is now number 2 of 3." in page
    assert "Kept with its entry." in page
    assert f'id="up-{three.pk}" name="up" value="{three.pk}"' in page
    press(up=three.pk)
    press(up=three.pk)
    press(down=one.pk)
    assert sent["item"] == [str(three.pk), str(two.pk), str(one.pk)]
    page = press(remove=two.pk)
    assert sent["item"] == [str(three.pk), str(one.pk)]
    assert "“Entry 2” is taken off." in page
    # The same once more, and nonsense, change nothing.
    for nonsense in ({"add": "1", "entry": one.pk}, {"up": two.pk}, {"down": "x"}, {"add": "1"}):
        press(**nonsense)
        assert sent["item"] == [str(three.pk), str(one.pk)]


def test_the_note_is_shown_as_it_will_stand(client: Client, author: User) -> None:
    shown = client.post(reverse("studio_link_note"), {"note": "**Hi** <script>x</script>"})
    assert "<strong>Hi</strong>" in shown.content.decode()
    assert "<script>" not in shown.content.decode()
    page = post(client, NEW, of(show_note="1", note="**Hi**"), 200)
    assert "<strong>Hi</strong>" in page
    assert not ShareLink.objects.exists()


LONG = "x" * 4000


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"company": "", "role": ""}, "Write a company, a role or a label"),
        ({"company": LONG}, "at most 80 fit"),
        ({"role": "a\x00b"}, "NUL character"),
        ({"label": LONG}, "at most 80 fit"),
        ({"language": "xx"}, "Choose one of the listed languages."),
        ({"note": LONG}, "3"),
        ({"pay": "a\nb"}, "Write this on one line."),
        ({"start": LONG}, "at most 80 fit"),
        ({"expiry": "soon"}, "Choose one of the listed answers."),
        ({"expiry": ""}, "Choose one of the listed answers."),
        ({"expiry": "at"}, "Choose the date and the time."),
        ({"expiry": "at", "expires_at": "tomorrow"}, "Write a date and a time"),
        ({"expiry": "at", "expires_at": "2030-02-30T10:00"}, "Write a date and a time"),
        ({"expiry": "at", "expires_at": "2001-01-01T10:00"}, "still to come"),
        ({"expiry": "at", "expires_at": "9999-12-31T23:59"}, "within five years"),
        ({"expiry": "at", "expires_at": "0001-01-01T00:00"}, "Write a date and a time"),
        ({"password": "short"}, "at least 6 characters"),
        ({"password": "x" * 101}, "at most 100 fit"),
        ({"tries_allowed": "-1"}, "Write a number; 0 allows none."),
        ({"tries_allowed": "10001"}, "Choose at most 10000."),
        ({"tries_allowed": "many"}, "Write a whole number."),
        ({"tries_allowed": ""}, "Write a number; 0 allows none."),
        ({"budget": "much"}, "Write an amount"),
        ({"budget": "100001"}, "Choose an amount from 0"),
        ({"budget": ""}, "Write an amount; 0 allows none."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    client: Client, author: User, wrong: dict[str, str], said: str
) -> None:
    entry = factories.entry(author)
    sentence = {f"entry-{entry.pk}-sentence": "A sentence to keep."}
    page = post(client, NEW, of(entry, **wrong, **sentence))
    assert said in page
    assert 'aria-invalid="true"' in page
    assert "Go to the first one" in page
    assert "A sentence to keep." in page
    assert f'name="item" value="{entry.pk}"' in page
    for name, value in wrong.items():
        if value not in {"xx", "soon", ""} and "\n" not in value and "\x00" not in value:
            assert value in page, name
    assert not ShareLink.objects.exists()


def test_what_is_wrong_with_an_entry_is_said_too(client: Client, author: User) -> None:
    entry, other = factories.entry(author), factories.entry(author)
    assert other.published is not None
    assert "Choose at least one entry." in post(client, NEW, of())
    page = post(client, NEW, of(entry, **{f"entry-{entry.pk}-sentence": "y" * 201}))
    assert "at most 200 fit" in page
    assert "y" * 201 in page
    # Another entry's version, or nonsense.
    for version in (other.published.pk, "x", "9" * 40):
        page = post(client, NEW, of(entry, **{f"entry-{entry.pk}-version": version}))
        assert "Choose one of the listed versions." in page
    many = [factories.entry(author) for _number in range(shares.MAX_ITEMS + 1)]
    assert "Keep at most 20 entries." in post(client, NEW, of(*many))
    assert not ShareLink.objects.exists()


@pytest.mark.parametrize("kind", ["draft", "unpublished", "stranger", "deleted", "nonsense"])
def test_only_what_may_be_shared_gets_onto_a_link(client: Client, author: User, kind: str) -> None:
    fine = factories.entry(author)
    if kind == "draft":
        entry = factories.entry(author, title="A draft", visibility=Entry.Visibility.DRAFT)
        page = client.get(NEW).content.decode()
        assert "Drafts are not offered" in page
        assert reverse("studio_entry_settings", args=[entry.slug]) in page
    elif kind == "unpublished":
        entry = factories.entry(author, published=False, visibility=Entry.Visibility.LINKS)
    else:
        entry = factories.entry(None if kind == "stranger" else author)
    key: Any = entry.pk
    if kind == "deleted":
        entries.delete_entry(entry)
    elif kind == "nonsense":
        key = "9" * 50
    assert f'<option value="{key}"' not in client.get(NEW).content.decode()
    page = post(client, NEW, {**TYPED, "item": [fine.pk, key]})
    assert "cannot be shared any more" in page
    assert f'name="item" value="{key}"' not in page
    assert not ShareLink.objects.exists()


def test_without_an_entry_the_page_says_what_to_do(client: Client, author: User) -> None:
    page = client.get(NEW).content.decode()
    assert page.index("you have none yet: begin with one.") < page.index("<form class")
    assert page.count(f'<a href="{reverse("studio_entry_new")}">Make an entry</a>') == 2
    factories.entry(author, published=False)
    page = client.get(NEW).content.decode()
    assert page.index("none of yours can be shared yet") < page.index("<form class")
    assert "You have no entry yet that could be shared" in page
    factories.entry(author)
    page = client.get(NEW).content.decode()
    assert "A link shows entries" not in page
    assert "You have no entry yet" not in page


def test_it_opens_until_the_end_of_a_day_by_the_authors_clocks(
    client: Client, author: User
) -> None:
    entry = factories.entry(author)
    # Half past midnight in Paris on the 28th; summer begins there on the 29th.
    with Clock(datetime(2026, 3, 27, 23, 30, tzinfo=UTC)):
        client.force_login(author)
        client.post(NEW, of(entry, expiry="30"))
        client.post(NEW, of(entry, expiry="at", expires_at="2026-03-28T18:00"))
        client.post(NEW, of(entry, expiry="at", expires_at="2026-03-29 18:00:30"))
        # What is typed there counts only where a date is asked for.
        client.post(NEW, of(entry, expiry="never", expires_at="nonsense"))
    found = set(ShareLink.objects.values_list("expires_at", flat=True))
    assert found == {
        datetime(2026, 4, 27, 21, 59, tzinfo=UTC),
        datetime(2026, 3, 28, 17, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 16, 0, 30, tzinfo=UTC),
        None,
    }


def test_where_nobody_may_try_limits_need_not_be_right(client: Client, author: User) -> None:
    data = of(factories.entry(author), tries_allowed="?", budget="?")
    del data["allows_tries"], data["shows_prompts"]
    client.post(NEW, data)
    link = ShareLink.objects.get()
    assert (link.allows_tries, link.shows_prompts) == (False, False)
    assert (link.tries_allowed, link.budget) == (30, 250_000)


def made(owner: User, **fields: Any) -> ShareLink:
    """Return a link with one entry."""
    values: dict[str, Any] = {"company": "Acme", "note": "Dear Acme"} | fields
    return shares.make_link(owner, [shares.Chosen(factories.entry(owner))], **values)


def edit(link: ShareLink) -> str:
    """Return the address of the form of a link."""
    return reverse("studio_link_edit", args=[link.pk])


def sent_back(link: ShareLink, **fields: Any) -> dict[str, Any]:
    """Return what the form of a link as it is now sends."""
    kept = [item.entry for item in link.items.all()]
    return of(*kept, revision=link.updated_at.isoformat(), **fields)


def test_a_link_is_changed_at_the_same_address(client: Client, author: User) -> None:
    link = made(author, password="a secret word")
    address, kept = shares.address_of(link), share_tokens.pass_for(link)
    page = client.get(edit(link)).content.decode()
    assert "Dear Acme" in page
    assert "a secret word" not in page
    assert link.password not in page
    assert "New password" in page
    other = factories.entry(author)
    data = sent_back(link) | {"item": [other.pk], "note": "Dear all"}
    assert client.post(edit(link), data).status_code == 302
    now = ShareLink.objects.get()
    assert (now.note, shares.address_of(now)) == ("Dear all", address)
    assert [item.entry for item in now.items.all()] == [other]
    assert share_tokens.is_open_to(now, kept)


def test_a_password_is_changed_or_removed_but_not_both(client: Client, author: User) -> None:
    link = made(author, password="a secret word")
    both = sent_back(link, password="another one", remove_password="on")
    assert "Choose either" in post(client, edit(link), both)
    client.post(edit(link), sent_back(link, password="another one"))
    link.refresh_from_db()
    assert share_tokens.is_right(link, "another one")
    client.post(edit(link), sent_back(link, remove_password="on"))
    link.refresh_from_db()
    assert link.password == ""
    assert "No password any more" not in client.get(edit(link)).content.decode()


def test_another_tabs_change_is_not_overwritten_unawares(client: Client, author: User) -> None:
    link = made(author)
    mine = sent_back(link, note="Mine")
    client.post(edit(link), sent_back(link, note="Theirs"))
    page = post(client, edit(link), mine)
    assert "This link was changed elsewhere meanwhile" in page
    assert "Mine" in page
    now = ShareLink.objects.get()
    assert now.note == "Theirs"
    assert f'value="{now.updated_at.isoformat()}"' in page
    # Sent again as the page is now, it is what its author wants.
    client.post(edit(link), mine | {"revision": now.updated_at.isoformat()})
    now.refresh_from_db()
    assert now.note == "Mine"
    for nonsense in ("", "x", "2026-01-01"):
        post(client, edit(link), mine | {"revision": nonsense})


def test_an_expired_link_can_be_corrected_or_let_open_longer(client: Client, author: User) -> None:
    over = timezone.now() - timedelta(days=3, seconds=1)
    link = made(author, expires_at=over)
    page = client.get(edit(link)).content.decode()
    local = over.astimezone(ZoneInfo("Europe/Paris")).strftime("%Y-%m-%dT%H:%M")
    assert f'value="{local}"' in page
    client.post(edit(link), sent_back(link, note="Corrected", expiry="at", expires_at=local))
    link.refresh_from_db()
    assert (link.note, link.expires_at) == ("Corrected", over)
    client.post(edit(link), sent_back(link, expiry="7"))
    link.refresh_from_db()
    assert not link.is_expired


def test_what_a_link_has_stays_though_it_is_not_offered_any_more(
    client: Client, author: User
) -> None:
    link = made(author)
    entry = link.items.get().entry
    assert entry.published is not None
    former = entry.published
    factories.version(entry)
    ShareItem.objects.update(version=former)
    versions.withdraw_version(former)
    page = client.get(edit(link)).content.decode()
    assert f'<option value="{former.pk}" selected>v1 (withdrawn)</option>' in page
    assert "That version is withdrawn" in page
    Entry.objects.update(visibility=Entry.Visibility.DRAFT)
    data = sent_back(link, **{f"entry-{entry.pk}-version": former.pk})
    assert client.post(edit(link), data).status_code == 302
    item = link.items.get()
    assert (item.entry, item.version) == (entry, former)
    assert "It is a draft now" in client.get(edit(link)).content.decode()


def test_a_duplicate_begins_with_all_but_what_was_the_last_companys(
    client: Client, author: User
) -> None:
    link = made(
        author,
        role="Role one",
        label="Label one",
        language="fr",
        pay="500 a day",
        start="June",
        password="a secret word",
        expires_at=timezone.now() + timedelta(days=3),
        shows_prompts=False,
        tries_allowed=7,
        budget=1_500_000,
    )
    gone = factories.entry(author, visibility=Entry.Visibility.DRAFT)
    ShareItem.objects.create(link=link, entry=gone, position=1)
    item = link.items.get(position=0)
    ShareItem.objects.filter(pk=item.pk).update(version=item.entry.published, sentence="It fits.")
    address = reverse("studio_link_duplicate", args=[link.pk])
    page = client.get(address).content.decode()
    for kept in ("Dear Acme", "500 a day", "June", "It fits.", 'value="7"', 'value="1.50"'):
        assert kept in page
    assert '<option value="fr" selected>' in page
    assert f'name="item" value="{item.entry_id}"' in page
    assert f'name="item" value="{gone.pk}"' not in page
    for not_kept in ('value="Acme"', "Role one", "Label one", "a secret word"):
        assert not_kept not in page
    assert '<option value="60" selected>' in page
    assert ShareLink.objects.count() == 1
    client.post(address, of(item.entry, company="Next"))
    made_now = ShareLink.objects.get(company="Next")
    assert shares.address_of(made_now) != shares.address_of(link)
    assert made_now.password == ""


def test_more_entries_need_no_more_queries(client: Client, author: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(edit(link)).status_code == 200
        return len(captured)

    link = made(author)
    few = asked()
    for position in range(1, 12):
        ShareItem.objects.create(link=link, entry=factories.entry(author), position=position)
        factories.entry(author)
    assert asked() == few


@pytest.mark.parametrize(
    ("visibility", "words"),
    [("links", "Only through your share links"), ("draft", "Draft"), ("unlisted", "Unlisted")],
)
def test_who_sees_an_entry_is_said_wherever_it_is_shown(
    client: Client, author: User, visibility: str, words: str
) -> None:
    entry = factories.entry(author, visibility=visibility)
    assert words in client.get(reverse("studio")).content.decode()
    settings = client.get(reverse("studio_entry_settings", args=[entry.slug])).content.decode()
    assert "only through your share links" in settings
    history = client.get(reverse("studio_versions", args=[entry.slug])).content.decode()
    assert ("shown only through your share links" in history) == (visibility == "links")
