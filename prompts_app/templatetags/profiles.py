"""What of a profile can be shown: whatever stands in its lists, a page must not break."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from django import template
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from prompts_app.models import ContactMessage, Profile, User

register = template.Library()


@dataclass(frozen=True, slots=True)
class Certification:
    """One certification; months are their first days."""

    name: str
    issuer: str
    issued: date | None
    expires: date | None
    url: str
    is_over: bool


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
                    name=name,
                    issuer=issuer,
                    issued=_month(one.get("issued")),
                    expires=expires,
                    url=_address(one.get("url")),
                    # Valid to the end of its month.
                    is_over=expires is not None and expires < today.replace(day=1),
                )
            )
    return found


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
    """Return the phrases of a list: skills, languages."""
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
