"""What preview cards say: of whom, of what, and with what proof. Nothing private."""

from collections.abc import Collection, Iterable
from typing import cast

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from prompts_app.models import Entry, PreviewCard, Profile, ShareItem, ShareLink
from prompts_app.services import claims
from prompts_app.services.claims import Proof
from prompts_app.services.evidence import totals_of
from prompts_app.services.look import ACCENT, ACCENTS, SITE_NAME
from prompts_app.services.second_language import told
from prompts_app.typeset.contents import Card, Language, neutral_card

# Those the site speaks.
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
# The proof of each of several entries.
Said = list[Proof | None]


def of_entry(entry: Entry) -> Card:
    """Return an entry's card, in the entry's language if the site speaks it, else in its second."""
    language = language_of(entry)
    with translation.override(language):
        return _card(entry.owner.profile, told(entry.title, entry), _claim(entry.proof), language)


def of_profile(profile: Profile, listed: Said, language: str) -> Card:
    """Return a profile's card; `listed` are what its listed entries prove."""
    with translation.override(language):
        title = profile.headline or profile.name
        return _card(profile, title, claims.together(listed), language)


def of_link(link: ShareLink, shown: Said) -> Card:
    """Return the card of a link without a password; `shown` are what its entries prove.

    It says nothing of whom the link is for.
    """
    profile = link.owner.profile
    with translation.override(link.language):
        title = profile.headline or profile.name
        return _card(profile, title, claims.together(shown), link.language)


def of_site(kind: str, language: str) -> Card:
    """Return the card of a page of the site itself (PreviewCard.OF_SITE)."""
    with translation.override(language):
        titles = {
            PreviewCard.Kind.HOME: _(
                "Prompts as case studies: see what each one does, and run it on a text of your own."
            ),
            PreviewCard.Kind.EXPLORE: _(
                "Search prompts by word, tag, language and model, and see what each one does."
            ),
            PreviewCard.Kind.PRIVATE: _("A private page"),
        }
        title = titles[PreviewCard.Kind(kind)]
    return neutral_card(SITE_NAME, ACCENT, title, cast("Language", language))


def language_of(entry: Entry) -> str:
    """Return the language of an entry's card."""
    if entry.language in LANGUAGES:
        return entry.language
    return entry.second_language or settings.LANGUAGE_CODE


class Proofs:
    """What the listed entries of some authors, and the entries of some links, prove."""

    def __init__(self, owners: Collection[int], links: Iterable[ShareLink]) -> None:
        """Makes one query for owners and one for links, and one for each old version on a link."""
        self._listed: dict[int, Said] = {}
        if owners:
            rows = Entry.objects.listed().filter(owner__in=owners)
            for owner, proof in rows.values_list("owner", "proof"):
                self._listed.setdefault(owner, []).append(proof)
        wanted = [link.pk for link in links]
        self._shown: dict[object, Said] = {}
        if wanted:
            items = ShareItem.objects.filter(
                link__in=wanted, entry__purge_at__isnull=True, entry__visibility__in=Entry.SHARED
            )
            for item in items.select_related("entry__published", "version"):
                version = item.version or item.entry.published
                if version is None or version.withdrawn_at is not None:
                    continue
                version.entry = item.entry
                if version.pk == item.entry.published_id:
                    proof = item.entry.proof
                else:
                    proof = claims.of_group(totals_of(version))
                self._shown.setdefault(item.link_id, []).append(proof)

    def of_profile(self, profile: Profile) -> Said:
        """Return those of a profile's listed entries."""
        return self._listed.get(profile.user_id, [])

    def of_link(self, link: ShareLink) -> Said:
        """Return those of a link's entries."""
        return self._shown.get(link.pk, [])


def _claim(proof: Proof | None) -> str:
    # A demo model's runs prove nothing, and a card has no room to say so.
    return "" if proof is None or proof["demo"] else " · ".join(claims.phrases(proof))


def _card(profile: Profile, title: str, proof: str, language: str) -> Card:
    return Card(
        site=SITE_NAME,
        accent=ACCENTS.get(profile.accent, ACCENT),
        title=title,
        name=profile.name,
        proof=proof,
        language=cast("Language", language),
    )
