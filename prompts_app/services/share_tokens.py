"""How share links are found and opened: tokens, passwords, and what remembers an opened one."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.db.models import Q

from prompts_app.models import Entry, FormerSlug, ShareItem, ShareLink, Version
from prompts_app.services import keys
from prompts_app.text import clean

# 128 random bits, as 22 characters of base64 (RFC 4648, section 5).
_BYTES = 16
# How long a password need not be typed again, in seconds.
OPEN_FOR = 12 * 3600


def mint(link: ShareLink) -> str:
    """Give a link its token, and return it; the caller saves the link."""
    token = secrets.token_urlsafe(_BYTES)
    link.token_mac = _mac(token)
    link.token_encrypted = keys.encrypt(token)
    return token


def token_of(link: ShareLink) -> str:
    """Return a link's token. Raises keys.KeyUnreadable."""
    return keys.decrypt(link.token_encrypted)


def find(token: str) -> ShareLink | None:
    """Return the link of a token, whatever has become of it; None for an unknown one."""
    return (
        ShareLink.objects.select_related(
            "owner__profile__avatar", "owner__spending", "owner__site_grant"
        )
        .filter(token_mac=_mac(token))
        .first()
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry of a link, with the version the link shows of it."""

    item: ShareItem
    entry: Entry
    version: Version


def shown_by(link: ShareLink, slug: str = "") -> list[Shown]:
    """Return what a link shows, in order; with `slug` of that entry alone.

    An entry without a version to show (none published, or the pinned one withdrawn) is left out,
    and so are drafts and what is archived: those are only their author's.
    """
    found = link.items.filter(
        entry__owner=link.owner_id, entry__purge_at__isnull=True
    ).select_related(
        "entry__owner__profile", "entry__published", "entry__baseline", "entry__cover", "version"
    )
    found = found.filter(entry__visibility__in=Entry.SHARED)
    if slug:
        # What stood there before it moved is what whoever has the address means.
        former = FormerSlug.objects.filter(owner=link.owner_id, slug=slug).values("entry")
        found = found.filter(Q(entry__slug=slug) | Q(entry__in=former))
    items = []
    for item in found:
        version = item.version or item.entry.published
        if version is not None and version.withdrawn_at is None:
            version.entry = item.entry
            items.append(Shown(item, item.entry, version))
    return items


def set_password(link: ShareLink, password: str) -> None:
    """Lock a link with a password, or unlock it with none; the caller saves the link.

    What was opened before has to be opened again.
    """
    link.password = make_password(clean.normalise(password)) if password else ""
    link.password_version += 1


def is_right(link: ShareLink, password: str) -> bool:
    """Say whether a password opens a link, however its accents are spelled."""
    return check_password(clean.normalise(password), link.password)


def pass_for(link: ShareLink) -> str:
    """Return what a browser keeps for a link it has opened with the password."""
    return signing.TimestampSigner(salt="share").sign(f"{link.pk}:{link.password_version}")


def is_open_to(link: ShareLink, kept: str) -> bool:
    """Say whether a link is open to a browser that kept `kept`; always without a password."""
    if not link.password:
        return True
    try:
        value = signing.TimestampSigner(salt="share").unsign(kept, max_age=OPEN_FOR)
    except signing.BadSignature:
        return False
    return hmac.compare_digest(value, f"{link.pk}:{link.password_version}")


def cookie_name(link: ShareLink) -> str:
    """Return the name of the cookie that keeps a link open."""
    return f"share-{link.pk.hex[:12]}"


def _mac(token: str) -> str:
    key = hashlib.sha256(b"promptfolio share tokens" + settings.FIELD_KEY).digest()
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest()
