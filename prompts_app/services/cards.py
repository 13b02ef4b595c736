"""Preview cards: made by the worker when what they show has changed, never on request."""

import hashlib
import itertools
import logging
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import astuple

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import get_language

from prompts_app.models import Entry, PreviewCard, Profile, ShareLink
from prompts_app.services import card_contents
from prompts_app.services.card_contents import LANGUAGES
from prompts_app.typeset import pages
from prompts_app.typeset.contents import Card
from prompts_app.typeset.setting import TypesetError

log = logging.getLogger("promptfolio.cards")

Kind = PreviewCard.Kind
# In one turn: cards looked at, and cards made (50 to 100 ms each).
_LOOKED_AT = 200
_MADE = 20


def address_key(subject: Entry | Profile | ShareLink | str) -> uuid.UUID | None:
    """Return the key of the card to show for `subject` in the language that is active.

    `subject` may be a page of the site, "home" or "explore". Until its own card is made it is the
    site's; None where there is neither. A locked link has one that tells of nobody. Makes one
    query, except for entries of `with_keys`.
    """
    language = get_language() or settings.LANGUAGE_CODE
    own = Q(kind=subject, language=language)
    if isinstance(subject, Entry):
        if hasattr(subject, "card_key"):
            found_with_it: uuid.UUID | None = subject.card_key
            return found_with_it
        own = Q(entry=subject)
    elif isinstance(subject, Profile):
        own = Q(profile=subject, language=language)
    elif isinstance(subject, ShareLink):
        own = Q(link=subject)
        if subject.password:
            own = Q(kind=Kind.PRIVATE, language=language)
    rows = PreviewCard.objects.filter(own | Q(kind=Kind.HOME, language=language)).exclude(file="")
    found = dict(rows.values_list("kind", "key"))
    home = found.pop(Kind.HOME, None)
    return next(iter(found.values()), home)


def with_keys(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Annotate entries with `card_key`, which is what `address_key` says of each: no query more."""
    drawn = PreviewCard.objects.exclude(file="").values("key")
    of_site = drawn.filter(kind=Kind.HOME, language=get_language() or settings.LANGUAGE_CODE)
    own = drawn.filter(entry=OuterRef("pk"))
    return entries.annotate(card_key=Coalesce(Subquery(own), Subquery(of_site[:1])))


def is_shown(card: PreviewCard) -> bool:
    """Say whether anyone may see a card now: its entry, profile or link may have gone private."""
    if card.entry is not None:
        return _is_public(card.entry)
    if card.profile is not None:
        owner = card.profile.user
        return owner.is_active and Entry.objects.listed().filter(owner=owner).exists()
    return card.link is None or _is_open(card.link)


class Rounds:
    """Looks after all cards, a few in each turn."""

    def __init__(self) -> None:
        self._after = 0

    def make_due(self) -> int:
        """Make cards that are missing or no longer right; delete those nobody may see.

        Returns how many were made. What is left is for the next turns.
        """
        due = itertools.chain(_missing(), self._changed())
        made = 0
        for card, contents in itertools.islice(due, _MADE):
            try:
                made += _make(card, contents)
            except OSError:
                # No room for the picture: the worker has other things to do.
                log.exception("a card could not be kept")
        return made

    def _changed(self) -> Iterator[tuple[PreviewCard, Card]]:
        rows = PreviewCard.objects.filter(pk__gt=self._after).order_by("pk")
        looked_at = list(
            rows.select_related(
                "entry__owner__profile", "profile__user", "link__owner__profile"
            ).defer("entry__search_text", "entry__use_case")[:_LOOKED_AT]
        )
        self._after = looked_at[-1].pk if len(looked_at) == _LOOKED_AT else 0
        yield from _to_draw(looked_at)


def _to_draw(cards: Iterable[PreviewCard]) -> Iterator[tuple[PreviewCard, Card]]:
    """Cards with what they should show, where they do not; those nobody may see are deleted."""
    cards = list(cards)
    proofs = card_contents.Proofs(
        {card.profile.user_id for card in cards if card.profile is not None},
        [card.link for card in cards if card.link is not None],
    )
    for card in cards:
        contents = _contents(card, proofs)
        if contents is None:
            if card.pk:
                card.delete()
        elif card.content_hash != _hash(contents):
            yield card, contents


def _contents(card: PreviewCard, proofs: card_contents.Proofs) -> Card | None:
    if card.entry is not None:
        return card_contents.of_entry(card.entry) if _is_public(card.entry) else None
    if card.profile is not None:
        listed = proofs.of_profile(card.profile)
        if not listed or not card.profile.user.is_active:
            return None
        return card_contents.of_profile(card.profile, listed, card.language)
    if card.link is not None:
        if not _is_open(card.link):
            return None
        return card_contents.of_link(card.link, proofs.of_link(card.link))
    return card_contents.of_site(card.kind, card.language)


def _missing() -> Iterator[tuple[PreviewCard, Card]]:
    """New cards with what they should show."""
    of_site = PreviewCard.objects.filter(kind__in=PreviewCard.OF_SITE)
    made = set(of_site.values_list("kind", "language"))
    yield from _to_draw(
        PreviewCard(kind=kind, language=language)
        for kind, language in itertools.product(PreviewCard.OF_SITE, LANGUAGES)
        if (kind, language) not in made
    )
    entries = Entry.objects.published().filter(
        preview_card__isnull=True, owner__profile__isnull=False
    )
    entries = entries.select_related("owner__profile").defer("search_text", "use_case")
    yield from _to_draw(
        PreviewCard(kind=Kind.ENTRY, language=card_contents.language_of(entry), entry=entry)
        for entry in entries[:_MADE]
    )
    listed = Entry.objects.listed().filter(owner=OuterRef("user"))
    profiles = Profile.objects.filter(Exists(listed)).annotate(made=Count("preview_cards"))
    for profile in profiles.filter(made__lt=len(LANGUAGES)).select_related("user")[:_MADE]:
        has = set(PreviewCard.objects.filter(profile=profile).values_list("language", flat=True))
        yield from _to_draw(
            PreviewCard(kind=Kind.PROFILE, language=language, profile=profile)
            for language in LANGUAGES
            if language not in has
        )
    links = ShareLink.objects.live().filter(
        preview_card__isnull=True, password="", owner__profile__isnull=False
    )
    yield from _to_draw(
        PreviewCard(kind=Kind.LINK, language=link.language, link=link)
        for link in links.select_related("owner__profile")[:_MADE]
    )


def _is_public(entry: Entry) -> bool:
    return (
        entry.is_public
        and entry.published_id is not None
        and entry.purge_at is None
        and entry.owner.is_active
        and hasattr(entry.owner, "profile")
    )


def _is_open(link: ShareLink) -> bool:
    """Whether a link opens without a password: what is asked for one tells of nobody before."""
    closed = link.is_revoked or link.is_expired or link.password
    return not closed and link.owner.is_active and hasattr(link.owner, "profile")


def _hash(contents: Card) -> str:
    parts = (*astuple(contents), pages.card_look())
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


def _make(card: PreviewCard, contents: Card) -> bool:
    """Draw a card and keep it under a new key; the former picture goes.

    False where another worker did the same meanwhile.
    """
    former_key, former_file = card.key, card.file.name
    card.key, card.content_hash = uuid.uuid4(), _hash(contents)
    card.language, card.file = contents.language, ""
    if drawn := _drawn(contents):
        card.file.save(f"{card.key}.png", ContentFile(drawn), save=False)
    kept = False
    try:
        kept = _keep(card, former_key)
    finally:
        unwanted = former_file if kept else card.file.name
        if unwanted:
            card.file.storage.delete(unwanted)
    return kept


def _keep(card: PreviewCard, former_key: uuid.UUID) -> bool:
    if not card._state.adding:
        rows = PreviewCard.objects.filter(pk=card.pk, key=former_key)
        values = {"key": card.key, "content_hash": card.content_hash, "file": card.file.name}
        return rows.update(**values, language=card.language) == 1
    try:
        with transaction.atomic():
            card.save()
    except IntegrityError:
        # Made by another worker meanwhile, or what it stands for is gone.
        return False
    return True


def _drawn(contents: Card) -> bytes:
    """The picture; nothing where it cannot be drawn, which is not tried again and again."""
    try:
        return pages.card(contents)
    except TypesetError as error:
        log.warning("a card could not be drawn: %s", error)
        return b""
