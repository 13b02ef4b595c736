"""What of a profile can be shown: whatever stands in its lists, a page must not break."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from django import template
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from prompts_app.models import ContactMessage, Profile, User

register = template.Library()


@dataclass(frozen=True, slots=True)
class Proof:
    """The picture of a certificate; width and height are those of its small form."""

    id: uuid.UUID
    suffix: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Certification:
    """One certification; months are their first days."""

    key: str
    name: str
    issuer: str
    issued: date | None
    expires: date | None
    url: str
    is_over: bool
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class Language:
    """A language, and how well it is spoken: a code of Profile.Level, and in words."""

    name: str
    level: str
    said: str


@dataclass(frozen=True, slots=True)
class Job:
    """Something the author did; months are their first days, no end is now."""

    role: str
    where: str
    began: date | None
    ended: date | None
    text: str


@register.filter
def certifications(profile: Profile) -> list[Certification]:
    """Return the author's certifications in their order; rows that are none are left out."""
    today = timezone.now().date()
    found = []
    for one in _rows(profile.certifications):
        name, issuer = _text(one.get("name")), _text(one.get("issuer"))
        if name:
            expires = _month(one.get("expires"))
            found.append(
                Certification(
                    key=_text(one.get("key")),
                    name=name,
                    issuer=issuer,
                    issued=_month(one.get("issued")),
                    expires=expires,
                    url=_address(one.get("url")),
                    # Valid to the end of its month.
                    is_over=expires is not None and expires < today.replace(day=1),
                    proof=proof_of(one),
                )
            )
    return found


def proof_of(certification: Mapping[str, Any]) -> Proof | None:
    """Return the picture of a certification as it is kept; None without one."""
    kept = certification.get("proof")
    if not isinstance(kept, dict):
        return None
    try:
        return Proof(
            uuid.UUID(kept["id"]), str(kept["suffix"]), int(kept["width"]), int(kept["height"])
        )
    except (KeyError, TypeError, ValueError):
        return None


@register.filter
def experience(profile: Profile) -> list[Job]:
    """Return what the author did, in their order; rows that say nothing are left out."""
    return [
        Job(
            role=_text(one.get("role")),
            where=_text(one.get("where")),
            began=_month(one.get("began")),
            ended=_month(one.get("ended")),
            text=_text(one.get("text")),
        )
        for one in _rows(profile.experience)
        if _text(one.get("role"))
    ]


@register.filter
def languages(profile: Profile) -> list[Language]:
    """Return the author's languages in their order; a bare word is one whose level is not said."""
    names = dict(Profile.Level.choices)
    found = []
    for one in profile.languages if isinstance(profile.languages, list) else ():
        row = one if isinstance(one, dict) else {"name": one}
        name, level = _text(row.get("name")), _text(row.get("level"))
        if name:
            said = str(names[level]) if level and level in names else ""
            found.append(Language(name, level if said else "", said))
    return found


@register.filter
def work(profile: Profile) -> list[str]:
    """Return where and how the author would work, as short phrases: "remote or partly on site"."""
    modes = _chosen(profile.work_modes, Profile.WorkMode)
    contracts = _chosen(profile.contracts, Profile.Contract)
    # Translators: between the last two of several answers, any of which would do.
    either = _(" or ")
    return [
        either.join(filter(None, (", ".join(some[:-1]), some[-1])))
        for some in (modes, contracts)
        if some
    ]


@register.filter
def about_person(profile: Profile) -> list[str]:
    """Return what stands in the quiet line under a name: pronouns, place, kinds of work."""
    return [one for one in (profile.pronouns, profile.location, *work(profile)) if one]


@register.filter
def availability(profile: Profile) -> str:
    """Return whether, and from when, the author looks for work; "" where they do not say."""
    if not profile.availability:
        return ""
    said = capfirst(str(profile.get_availability_display()))
    start = profile.available_from
    if start is None or profile.availability == Profile.Availability.CLOSED:
        return said
    day = date_format(start, "DATE_FORMAT")
    if profile.availability == Profile.Availability.LATER:
        return _("Available from %(day)s") % {"day": day}
    # A day that has come says nothing beside "open to work".
    if start <= timezone.now().date():
        return said
    return _("%(said)s, from %(day)s") % {"said": said, "day": day}


def _chosen(kept: Any, choices: type[TextChoices]) -> list[str]:
    codes = kept if isinstance(kept, list) else []
    return [str(label) for code, label in choices.choices if code in codes]


@register.filter
def web_links(profile: Profile) -> list[dict[str, str]]:
    """Return the author's links as {"label", "url"}: addresses of the web, never scripts."""
    return [
        {"label": _text(one.get("label")) or url, "url": url}
        for one in _rows(profile.links)
        if (url := _address(one.get("url")))
    ]


@register.filter
def phrases(kept: Any) -> list[str]:
    """Return the phrases of a list: skills."""
    return [one for one in kept if _text(one)] if isinstance(kept, list) else []


@register.filter
def contact_address(profile: Profile) -> str:
    """Return the e-mail address the author shows to everyone; "" where they show none."""
    if profile.contact_mode != Profile.Contact.EMAIL:
        return ""
    try:
        validate_email(profile.contact_email)
    except ValidationError:
        return ""
    return profile.contact_email


@register.filter
def mailto(address: str) -> str:
    """Return the address of a mail to `address` (RFC 6068): nothing in it begins a query."""
    return f"mailto:{quote(address, safe='@')}"


@register.simple_tag
def unread_messages(owner: User) -> int:
    """Return how many messages the author has not opened; one query on an index of its own."""
    return ContactMessage.objects.filter(owner=owner, read_at__isnull=True).count()


def _rows(kept: Any) -> list[dict[str, Any]]:
    return [one for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _address(value: Any) -> str:
    text = _text(value)
    return text if text.startswith(("https://", "http://")) else ""


def _month(value: Any) -> date | None:
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})", _text(value))
    try:
        return date(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        return None
