"""Handles: which words may stand in the address of an author's pages."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MIN_HANDLE = 2
MAX_HANDLE = 40

# Words that would make a person look like a part of the site, or like those who run it.
RESERVED_HANDLES = frozenset(
    {
        "about", "account", "accounts", "admin", "administrator", "anonymous", "api", "cards",
        "compare", "contact", "everyone", "explore", "feed", "healthz", "help", "home", "language",
        "legal", "login", "logout", "me", "media", "moderator", "new", "nobody", "none", "null",
        "official", "operator", "owner", "privacy", "promptfolio", "readyz", "robots", "root",
        "runs", "search", "security", "settings", "sign-in", "sign-up", "signin", "signup",
        "sitemap", "staff", "static", "studio", "support", "system", "team", "terms", "tries",
        "undefined", "verify", "webmaster", "you",
    }
)  # fmt: skip

_HANDLE = re.compile(r"[A-Za-z0-9_-]+")


def check_handle(text: str) -> str:
    """Return the handle that `text` names, without a leading "@".

    Whether somebody has it already is not looked at. Raises ValidationError, whose code is
    "length", "characters" or "reserved".
    """
    handle = text.strip().removeprefix("@")
    if not MIN_HANDLE <= len(handle) <= MAX_HANDLE:
        raise ValidationError(
            _("Use %(least)d to %(most)d characters.") % {"least": MIN_HANDLE, "most": MAX_HANDLE},
            code="length",
        )
    if not _HANDLE.fullmatch(handle):
        raise ValidationError(
            _("Use only letters without accents, digits, hyphens and underscores."),
            code="characters",
        )
    if handle.lower().replace("_", "-") in RESERVED_HANDLES:
        raise ValidationError(_("This word is reserved. Choose another one."), code="reserved")
    return handle


def handle_taken() -> str:
    """Return what is said when somebody else has the handle, or had it until lately."""
    return _("Somebody else has this handle, or had it until lately. Choose another one.")
