"""Who may see or change what: the only place that decides.

Missing and forbidden are the same answer, 404, so that an address tells nothing.
"""

import uuid
from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.db.models.functions import Lower
from django.http import Http404
from django.urls import resolve

from prompts_app.models import (
    ContactMessage,
    Entry,
    Evaluation,
    Import,
    Picture,
    PreviewCard,
    Profile,
    Provider,
    Run,
    ShareLink,
    TestCase,
    Try,
    User,
    Version,
)
from prompts_app.models.prepared import Param, Select
from prompts_app.models.versions import MAX_NUMBER
from prompts_app.services import cards, profiles, shares
from prompts_app.services.evidence import with_receipts

M = TypeVar("M", bound=Model)

_ENTRY_PAGES = ("entry", "version", "compare", "evidence", "evidence_answers", "try")
# Characters of a path that can be kept with a report.
MAX_PATH = 300


def public_profile(handle: str, viewer: User | None) -> Profile:
    """Return a profile that `viewer` may see: one with a listed entry, or their own."""
    profile = (
        Profile.objects.select_related("user", "avatar")
        .filter(handle__iexact=handle, user__is_active=True)
        .annotate(is_listed=Exists(Entry.objects.listed().filter(owner=OuterRef("user"))))
        .first()
    )
    if profile is None or not (profile.user == viewer or profile.is_listed):
        raise Http404
    return profile


def public_entry(handle: str, slug: str, viewer: User | None) -> Entry:
    """Return an entry with a published version that `viewer` may see, with all its page shows."""
    rows = (
        Entry.objects.for_cards()
        .select_related("owner__profile__avatar", "baseline", "featured_case")
        .defer("search_text")
    )
    return _seen(_public(cards.with_keys(rows), handle.lower(), slug).first(), viewer)


def entry_to_try(handle: str, slug: str, viewer: User | None) -> Entry:
    """Return the same with only what a try needs: a person is waiting for its first word."""
    found = _TO_TRY.rows(handle=handle.lower(), slug=slug)
    return _seen(found[0] if found else None, viewer)


def _to_try() -> QuerySet[Entry]:
    rows = Entry.objects.select_related(
        "owner__profile", "owner__spending", "owner__site_grant", "published", "baseline"
    ).only(
        *("title", "slug", "summary", "language", "second_language", "second_words"),
        *("kind", "visibility", "proof"),
        *("owner__is_active", "owner__time_zone", "owner__spending", "owner__site_grant"),
        *("owner__profile__handle", "owner__profile__name", "owner__profile__accent"),
        *("published__number", "published__content", "published__entry"),
        *("published__prompt_hash", "baseline__number", "baseline__content", "baseline__entry"),
        *("baseline__prompt_hash", "baseline__withdrawn_at"),
    )
    return _public(rows, Param("handle"), Param("slug"))[:1]


_TO_TRY = Select(Entry, _to_try)


def _public(rows: QuerySet[Entry], handle: str | Param, slug: str | Param) -> QuerySet[Entry]:
    """Return the entry at an address, its handle in lower case, if it has a published version."""
    return rows.alias(folded=Lower("owner__profile__handle")).filter(
        folded=handle,
        slug=slug,
        purge_at__isnull=True,
        published__isnull=False,
        owner__is_active=True,
    )


def _seen(entry: Entry | None, viewer: User | None) -> Entry:
    if entry is None or (entry.owner != viewer and not entry.is_public):
        raise Http404
    return entry


def public_run(run_id: uuid.UUID, viewer: User | None) -> Run:
    """Return a finished run whose entry `viewer` may see."""
    run = (
        Run.objects.shown()
        .select_related(
            "version__entry__owner__profile", "case", "picture", "receipt", "captured_elsewhere"
        )
        .filter(pk=run_id)
        .first()
    )
    if run is None or not _sees(run.version.entry, viewer):
        raise Http404
    return run


def visitors_try(try_id: uuid.UUID) -> Try:
    """Return a try by its unguessable id, until its 30 days or its share link are over."""
    found = (
        Try.objects.open()
        .select_related("entry__owner__profile", "entry__baseline", "version", "link")
        .filter(pk=try_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def visitors_tries(try_id: uuid.UUID) -> list[Try]:
    """Return a try with all that ran beside it, by column: whoever has one has them all."""
    found = visitors_try(try_id)
    beside = Try.objects.live().filter(group=found.group).exclude(pk=found.pk)
    others = list(beside.select_related("version"))
    for other in others:
        other.entry, other.link = found.entry, found.link
    return sorted([found, *others], key=lambda attempt: attempt.column)


def picture(picture_id: uuid.UUID, viewer: User | None) -> Picture:
    """Return a picture that `viewer` may see: through its try, its entry or its owner's profile."""
    found = (
        Picture.objects.select_related("entry__published", "attempt", "owner")
        .filter(pk=picture_id)
        .first()
    )
    if found is None or not _sees_picture(found, viewer):
        raise Http404
    return found


def preview_card(key: uuid.UUID) -> PreviewCard:
    """Return the card at an address, as long as what it stands for may be seen by anyone."""
    found = (
        PreviewCard.objects.select_related("entry__owner__profile", "profile__user")
        .select_related("link__owner__profile")
        .exclude(file="")
        .filter(key=key)
        .first()
    )
    if found is None or not cards.is_shown(found):
        raise Http404
    return found


def _sees_picture(found: Picture, viewer: User | None) -> bool:
    if found.owner == viewer:
        return True
    if found.draft_run_id is not None:
        return False
    if found.attempt_id is not None:
        return Try.objects.open().filter(pk=found.attempt_id).exists()
    if found.entry is not None:
        return _sees(found.entry, viewer) and (
            found.cover_of.exists() or found.runs.shown().exists()
        )
    return (
        found.owner.is_active
        and (found.avatar_of.exists() or _is_proof(found))
        and Entry.objects.published().filter(owner=found.owner_id).exists()
    )


def _is_proof(found: Picture) -> bool:
    profile = Profile.objects.filter(user=found.owner_id).first()
    return profile is not None and found.pk in profiles.proofs_of(profile)


def _sees(entry: Entry, viewer: User | None) -> bool:
    if entry.purge_at is not None:
        return False
    if viewer is not None and entry.owner_id == viewer.pk:
        return True
    return entry.published_id is not None and entry.is_public and entry.owner.is_active


def own_entry(owner: User, slug: str) -> Entry:
    """Return the author's own entry."""
    return _or_404(
        Entry.objects.for_cards()
        .select_related("draft", "baseline", "featured_case")
        .filter(owner=owner, slug=slug, purge_at__isnull=True)
        .first()
    )


def binned_entry(owner: User, slug: str) -> Entry:
    """Return an entry of the author's that lies in the bin."""
    binned = Entry.objects.filter(owner=owner, slug=slug, purge_at__isnull=False)
    return _or_404(binned.select_related("owner").first())


def version_of(entry: Entry, number: int) -> Version:
    """Return a version of an entry that somebody may see, withdrawn or not."""
    rows = entry.versions.filter(number=number)
    return _or_404(rows.first() if number <= MAX_NUMBER else None)


def own_version(owner: User, slug: str, number: int) -> Version:
    """Return a version of the author's own entry."""
    return _or_404(
        Version.objects.select_related("entry__owner__profile")
        .filter(entry__owner=owner, entry__slug=slug, number=number, entry__purge_at__isnull=True)
        .first()
    )


def own_case(owner: User, case_id: uuid.UUID) -> TestCase:
    """Return a test case of the author's own entry."""
    return _or_404(
        TestCase.objects.select_related("entry")
        .filter(pk=case_id, entry__owner=owner, withdrawn_at=None, entry__purge_at=None)
        .first()
    )


def own_run(owner: User, run_id: uuid.UUID) -> Run:
    """Return a run of the author's own entry."""
    return _or_404(
        with_receipts(Run.objects.filter(pk=run_id, version__entry__owner=owner))
        .filter(version__entry__purge_at__isnull=True)
        .select_related("version__entry__owner__profile", "case", "picture", "model")
        .first()
    )


def own_evaluation(owner: User, evaluation_id: uuid.UUID) -> Evaluation:
    """Return an evaluation of the author's own entry."""
    return _or_404(
        Evaluation.objects.select_related("entry__owner__profile")
        .filter(pk=evaluation_id, entry__owner=owner, entry__purge_at__isnull=True)
        .first()
    )


def own_provider(owner: User, provider_id: int) -> Provider:
    """Return a provider that the author added."""
    return _or_404(Provider.objects.filter(pk=provider_id, owner=owner).first())


def own_message(owner: User, message_id: uuid.UUID) -> ContactMessage:
    """Return a message that somebody wrote to the author."""
    return _or_404(
        ContactMessage.objects.select_related("link").filter(pk=message_id, owner=owner).first()
    )


def own_link(owner: User, link_id: uuid.UUID) -> ShareLink:
    """Return a share link that the author made, with what it has used."""
    return _or_404(shares.links_of(owner).filter(pk=link_id).first())


def own_import(owner: User, import_id: uuid.UUID) -> Import:
    """Return an import of the author's, without its file."""
    return _or_404(Import.objects.without_source().filter(owner=owner, pk=import_id).first())


def own_profile(owner: User) -> Profile | None:
    """Return the author's profile, or None before it is made."""
    return Profile.objects.select_related("avatar").filter(user=owner).first()


def may_use_private_addresses(user: User) -> bool:
    """Say whether the account may name providers inside the operator's network."""
    return user.is_staff


def _or_404(found: M | None) -> M:
    if found is None:
        raise Http404
    return found


def author_of_page(path: str) -> User:
    """Return whose public page a path is, as everybody sees it. Raises Http404 for every other."""
    if len(path) > MAX_PATH or not path.isprintable():
        raise Http404
    match = resolve(path.partition("?")[0])
    named = match.kwargs
    if match.url_name == "profile":
        return public_profile(named["handle"], None).user
    if match.url_name == "run":
        return public_run(named["run_id"], None).version.entry.owner
    if match.url_name in _ENTRY_PAGES:
        return public_entry(named["handle"], named["slug"], None).owner
    raise Http404
