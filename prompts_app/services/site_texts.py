"""Texts of the operator's: legal notice, privacy, and how to reach whoever runs the site."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils.safestring import SafeString

from prompts_app.models import SiteText
from prompts_app.services import rendering

Kind = SiteText.Kind
# Seconds after which another process's change shows in the footers of this one.
_LOOK_AGAIN = 10.0


@dataclass(slots=True)
class _Seen:
    """The kinds there are texts of, and when that was looked up."""

    kinds: frozenset[str]
    at: float


_seen: _Seen | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as HTML, in the language it is written in."""

    html: SafeString
    language: str


def kinds() -> frozenset[str]:
    """Return the kinds that have a text in any language. Every footer asks: kept a while."""
    global _seen
    if _seen is None or time.monotonic() - _seen.at > _LOOK_AGAIN:
        remember(frozenset(SiteText.objects.values_list("kind", flat=True).distinct()))
    assert _seen is not None
    return _seen.kinds


def remember(found: frozenset[str]) -> None:
    """Take `found` for what there is, for a while."""
    global _seen
    _seen = _Seen(found, time.monotonic())


def text(kind: str, language: str) -> Shown | None:
    """Return the operator's text, in `language` or else in the site's first one that has it."""
    found = {row.language: row.text for row in SiteText.objects.filter(kind=kind)}
    for one in (language, *(code for code, _name in settings.LANGUAGES)):
        if found.get(one, "").strip():
            return Shown(rendering.html_of([found[one]])[found[one]], one)
    return None


def missing() -> list[str]:
    """Return the kinds that a site where strangers sign up should have and has not."""
    if settings.ACCOUNT_SIGNUP != "open":
        return []
    there = set(SiteText.objects.values_list("kind", flat=True))
    return [str(kind) for kind in (Kind.LEGAL, Kind.PRIVACY) if kind not in there]


@receiver([post_save, post_delete], sender=SiteText)
def _look_again(**_signal: Any) -> None:
    global _seen
    _seen = None
