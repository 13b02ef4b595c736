"""Share links as their author makes them: all or nothing, and nobody overwrites anybody."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from prompts_app.models import Entry, ShareItem, ShareLink, User
from prompts_app.services import entries, share_tokens, shares, versions
from prompts_app.services.keys import KeyUnreadable
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    """An author."""
    return factories.profile().user


def titles(link: ShareLink) -> list[str]:
    """Return what a visitor sees of a link, in order."""
    return [one.entry.title for one in share_tokens.shown_by(link)]


def test_a_link_has_an_address_that_finds_it_and_stands_nowhere(owner: User) -> None:
    entry = factories.entry(owner)
    link = shares.make_link(owner, [shares.Chosen(entry)], company="Acme")
    other = shares.make_link(owner, [shares.Chosen(entry)], company="Acme")
    address = shares.address_of(link)
    token = address.removeprefix(f"{settings.SITE_URL}/s/").removesuffix("/")
    # 128 bits in base64.
    assert len(token) == 22
    assert share_tokens.find(token) == link
    assert address != shares.address_of(other)
    kept = ShareLink.objects.filter(pk=link.pk).values().get()
    assert all(token not in str(value) for value in kept.values())
    assert token.encode() not in bytes(kept["token_encrypted"])


def test_entries_keep_their_order_their_version_and_their_sentence(owner: User) -> None:
    first, second = (factories.entry(owner, title=f"Entry {n}") for n in (1, 2))
    pinned = first.published
    factories.version(first)
    factories.version(second)
    link = shares.make_link(
        owner,
        [shares.Chosen(second, None, "It reads invoices."), shares.Chosen(first, pinned)],
        label="A",
    )
    shown = share_tokens.shown_by(link)
    assert [(one.entry, one.version.number) for one in shown] == [(second, 2), (first, 1)]
    assert shown[0].item.sentence == "It reads invoices."
    factories.version(second)
    assert [one.version.number for one in share_tokens.shown_by(link)] == [3, 1]


def test_an_entry_that_went_meanwhile_keeps_the_whole_link_back(owner: User) -> None:
    here, gone = factories.entry(owner), factories.entry(owner)
    entries.delete_entry(Entry.objects.get(pk=gone.pk))
    chosen = [shares.Chosen(here), shares.Chosen(gone)]
    with pytest.raises(shares.EntryGone):
        shares.make_link(owner, chosen, label="A")
    assert not ShareLink.objects.exists()
    link = shares.make_link(owner, [shares.Chosen(here)], label="A")
    with pytest.raises(shares.EntryGone):
        shares.change_link(link, chosen, seen=link.updated_at, label="B")
    link.refresh_from_db()
    assert link.label == "A"
    assert titles(link) == [here.title]


def test_somebody_elses_entry_is_never_on_a_link(owner: User) -> None:
    theirs = factories.entry()
    with pytest.raises(shares.EntryGone):
        shares.make_link(owner, [shares.Chosen(theirs)], label="A")
    assert not ShareItem.objects.exists()


def test_two_who_change_a_link_never_overwrite_each_other(owner: User) -> None:
    one, two = factories.entry(owner), factories.entry(owner)
    link = shares.make_link(owner, [shares.Chosen(one)], label="A", note="Dear Acme")
    seen = link.updated_at
    shares.change_link(link, [shares.Chosen(two)], seen=seen, label="B")
    with pytest.raises(shares.LinkChanged) as changed:
        shares.change_link(link, [shares.Chosen(one)], seen=seen, label="C", password="new")
    current = ShareLink.objects.get()
    assert changed.value.current.updated_at == current.updated_at
    assert (current.label, current.password, current.note) == ("B", "", "Dear Acme")
    assert titles(current) == [two.title]
    # Revoking counts as a change too: nobody saves over it unawares.
    shares.revoke(current)
    with pytest.raises(shares.LinkChanged):
        shares.change_link(link, [shares.Chosen(one)], seen=current.updated_at, label="C")


def test_a_password_is_kept_changed_or_taken_away(owner: User) -> None:
    chosen = [shares.Chosen(factories.entry(owner))]
    # Typed as one character, asked for as two: the same word.
    link = shares.make_link(owner, chosen, label="A", password="pass\u00e9 simple")
    assert "pass" not in link.password
    assert share_tokens.is_right(link, "passe\u0301 simple")
    kept = share_tokens.pass_for(link)

    def change(password: str | None) -> ShareLink:
        now = ShareLink.objects.get()
        shares.change_link(now, chosen, seen=now.updated_at, password=password, label="A")
        return ShareLink.objects.get()

    assert share_tokens.is_open_to(change(None), kept)
    changed = change("another one")
    assert not share_tokens.is_open_to(changed, kept)
    assert share_tokens.is_right(changed, "another one")
    assert share_tokens.is_open_to(change(""), "")


def test_what_may_be_shared_is_published_and_no_draft(owner: User) -> None:
    shown = {
        visibility: factories.entry(owner, title=visibility, visibility=visibility)
        for visibility in Entry.Visibility.values
    }
    factories.entry(owner, published=False, visibility=Entry.Visibility.LISTED)
    factories.entry()
    draft = shown.pop(Entry.Visibility.DRAFT)
    shown.pop(Entry.Visibility.ARCHIVED)
    assert set(shares.shareable(owner)) == set(shown.values())
    assert list(shares.kept_back(owner)) == [draft]
    # What becomes a draft later is its author's alone, on links as well.
    every = [shares.Chosen(entry) for entry in shown.values()]
    link = shares.make_link(owner, every, label="A")
    assert len(titles(link)) == 3
    Entry.objects.filter(visibility=Entry.Visibility.LINKS).update(
        visibility=Entry.Visibility.DRAFT
    )
    assert len(titles(link)) == 2
    listed = shown[Entry.Visibility.LISTED]
    assert listed.published is not None
    versions.withdraw_version(listed.published)
    assert titles(link) == [Entry.Visibility.UNLISTED]


def test_what_becomes_of_a_link(owner: User) -> None:
    link = shares.make_link(owner, [shares.Chosen(factories.entry(owner))], label="A")
    assert shares.state_of(link) == "live"
    link.expires_at = timezone.now() + timedelta(minutes=1)
    assert shares.state_of(link) == "live"
    link.expires_at = timezone.now()
    assert shares.state_of(link) == "expired"
    shares.revoke(link)
    link.refresh_from_db()
    assert shares.state_of(link) == "revoked"
    shares.give_again(link)
    link.refresh_from_db()
    assert shares.state_of(link) == "live"


def test_a_code_needs_the_key_the_address_was_kept_with(owner: User) -> None:
    link = shares.make_link(owner, [shares.Chosen(factories.entry(owner))], label="A")
    assert shares.code_of(link, "png").startswith(b"\x89PNG")
    assert b"<svg" in shares.code_of(link, "svg")
    link.token_encrypted = b"unreadable"
    with pytest.raises(KeyUnreadable):
        shares.code_of(link, "png")
