"""Dossiers: what a share link shows, as a document to print and keep."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from prompts_app.models import Entry, Profile, Receipt, Run, ShareLink, Version
from prompts_app.services import claims, receipts, rendering, skills
from prompts_app.services import dossier_words as words
from prompts_app.services.look import ACCENT, ACCENTS, SITE_NAME
from prompts_app.services.matrix import Matrix, matrix_for
from prompts_app.services.second_language import Told, told
from prompts_app.services.share_tokens import Shown, shown_by
from prompts_app.templatetags import profiles
from prompts_app.templatetags.sentences import role_name
from prompts_app.text import variables
from prompts_app.text.slug import slugify
from prompts_app.typeset import pages
from prompts_app.typeset.contents import (
    Certification,
    Constraint,
    Dossier,
    DossierEntry,
    DossierProfile,
    Fact,
    Job,
    Language,
    Link,
    Message,
    Part,
    Rich,
    Skill,
)
from prompts_app.typeset.rich import from_html
from prompts_app.typeset.setting import TypesetError

# The newest answers whose receipts are named.
_RECEIPTS = 6
# Dossiers set at once by one process, each of which may need some hundred MB where it is very
# long; and how many seconds a reader waits for a turn, with one of the threads for pages.
_AT_ONCE = threading.BoundedSemaphore(2)
_PATIENCE = 5.0


class Unmade(Exception):  # noqa: N818 - it reads as the condition it is
    """A dossier could not be made. `busy`: it may be in a moment."""

    def __init__(self, *, busy: bool) -> None:
        super().__init__("busy" if busy else "impossible")
        self.busy = busy


def make(link: ShareLink, token: str) -> bytes:
    """Return the dossier of a link as PDF, in the link's language. Raises Unmade."""
    with translation.override(link.language):
        contents = contents_of(link, token)
    with _turn():
        try:
            return pages.dossier(contents)
        except (ValueError, TypesetError) as error:
            raise Unmade(busy=False) from error


def file_name(link: ShareLink) -> str:
    """Return the name to keep the document under: "dossier-ada-example.pdf"."""
    return f"dossier-{slugify(link.owner.profile.name)}.pdf"


def contents_of(link: ShareLink, token: str) -> Dossier:
    """Return all that a link's dossier says, in the language that is active."""
    profile = link.owner.profile
    shown = shown_by(link)
    html = rendering.html_of(_markdown(link, profile, shown))
    address = settings.SITE_URL + reverse("share_dossier", args=[token]).rpartition("/")[0] + "/"
    # The day and no more: the same contents on the same day are the same document.
    made = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return Dossier(
        language=cast("Language", link.language),
        words=words.words(),
        accent=ACCENTS.get(profile.accent, ACCENT),
        site=SITE_NAME,
        made=made,
        made_on=date_format(made, "DATE_FORMAT"),
        address=address,
        name=profile.name,
        headline=profile.headline,
        availability=profiles.availability(profile),
        whereabouts=" · ".join(profiles.about_person(profile)),
        recipient=words.recipient(link),
        contact=_contact(profile, address),
        terms=words.terms(link),
        note=_rich(html, link.note),
        entries=tuple(_entry(link, one, html, f"{address}{one.entry.slug}/") for one in shown),
        profile=_profile(profile, shown, html),
    )


@contextmanager
def _turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE):
        raise Unmade(busy=True)
    try:
        yield
    finally:
        _AT_ONCE.release()


def _markdown(link: ShareLink, profile: Profile, shown: Sequence[Shown]) -> Iterator[str]:
    yield from (link.note, profile.bio)
    for one in shown:
        yield from _brief(one)


def _brief(shown: Shown) -> list[Told]:
    entry = shown.entry
    return [told(text, entry) for text in (entry.use_case, shown.version.content["context"])]


def _rich(html: Mapping[str, str], *texts: str) -> Rich:
    return tuple(block for text in texts for block in from_html(html.get(text, "")))


def _contact(profile: Profile, address: str) -> tuple[Link, ...]:
    if email := profiles.contact_address(profile):
        return (Link(email, profiles.mailto(email)),)
    if profile.contact_mode == Profile.Contact.FORM:
        return (Link(_("Write to me"), f"{address}contact/"),)
    return ()


def _entry(link: ShareLink, shown: Shown, html: Mapping[str, str], url: str) -> DossierEntry:
    entry, version = shown.entry, shown.version
    matrix = matrix_for(version, baseline=entry.baseline)
    group = matrix.main
    proof = claims.of_matrix(matrix, entry.baseline)
    hidden = not link.shows_prompts
    return DossierEntry(
        title=told(entry.title, entry),
        task=told(entry.summary, entry),
        result=claims.line(proof, entry.baseline) or words.not_tested(),
        facts=words.facts(entry, version),
        sentence=shown.item.sentence,
        url=url,
        context=_rich(html, *_brief(shown)),
        messages=() if hidden else _messages(version),
        prompt_note=words.hidden_prompt() if hidden else "",
        constraints=_constraints(matrix, entry),
        evidence=words.model_evidence(group) if group else (),
        evidence_note=words.evidence_note(group),
        failures=words.failures(group, [row.case for row in matrix.rows], entry) if group else (),
        stated=words.stated(entry),
        # A receipt is signed over hashes of what was sent: enough to confirm a guess.
        receipts=() if hidden else _receipts(version),
    )


def _messages(version: Version) -> tuple[Message, ...]:
    return tuple(
        Message(
            role_name(message["role"]),
            tuple(
                Part(piece.text, variable=piece.kind == "variable")
                for piece in variables.pieces(message["content"])
            ),
        )
        for message in version.content["messages"]
    )


def _constraints(matrix: Matrix, entry: Entry) -> tuple[Constraint, ...]:
    if matrix.main is None:
        return tuple(Constraint(told(one.text, entry)) for one in matrix.constraints)
    return tuple(
        Constraint(told(one.constraint.text, entry), one.counts.passed, one.counts.checks)
        for one in matrix.main.results
    )


def _receipts(version: Version) -> tuple[str, ...]:
    runs = Run.objects.shown().filter(
        version__entry=version.entry_id,
        version__prompt_hash=version.prompt_hash,
        version__withdrawn_at__isnull=True,
    )
    newest = Receipt.objects.filter(run__in=runs).order_by("-run__created_at", "-run")
    return tuple(receipts.code_of(receipt) for receipt in newest[:_RECEIPTS])


def _profile(profile: Profile, shown: Sequence[Shown], html: Mapping[str, str]) -> DossierProfile:
    places = {one.entry.slug: place for place, one in enumerate(shown)}
    entries = Entry.objects.filter(owner=profile.user_id, slug__in=places)
    return DossierProfile(
        bio=_rich(html, profile.bio),
        experience=tuple(map(_job, profiles.experience(profile))),
        skills=tuple(
            Skill(
                skill,
                tuple(
                    told(one.title, one) for one in sorted(some, key=lambda one: places[one.slug])
                ),
            )
            for skill, some in skills.shown(profile, entries).items()
        ),
        certifications=tuple(map(_certification, profiles.certifications(profile))),
        languages=tuple(Fact(one.name, one.said) for one in profiles.languages(profile)),
        links=tuple(Link(one["label"], one["url"]) for one in profiles.web_links(profile)),
    )


def _certification(held: profiles.Certification) -> Certification:
    dates = []
    if held.issued:
        dates.append(date_format(held.issued, "YEAR_MONTH_FORMAT"))
    if held.expires:
        until = _("ended:") if held.is_over else _("valid until:")
        dates.append(f"{until} {date_format(held.expires, 'YEAR_MONTH_FORMAT')}")
    return Certification(held.name, held.issuer, " · ".join(dates), held.url)


def _job(done: profiles.Job) -> Job:
    return Job(done.role, done.where, words.months(done.began, done.ended), done.text)
