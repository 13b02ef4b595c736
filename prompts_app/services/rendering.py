"""Markdown of authors and models as safe HTML, rendered once and kept."""

import hashlib
from collections.abc import Iterable

from django.utils.safestring import SafeString, mark_safe

from prompts_app.models import RenderedText
from prompts_app.text import markdown


def html_of(texts: Iterable[str]) -> dict[str, SafeString]:
    """Return text → HTML for all `texts` with one query (and one write for new ones)."""
    by_hash = {_hash(text): text for text in texts if text.strip()}
    kept = dict(
        RenderedText.objects.filter(text_hash__in=by_hash, renderer=markdown.RENDERER).values_list(
            "text_hash", "html"
        )
        if by_hash
        else ()
    )
    missing = {key: markdown.to_html(text) for key, text in by_hash.items() if key not in kept}
    if missing:
        RenderedText.objects.bulk_create(
            (
                RenderedText(text_hash=key, renderer=markdown.RENDERER, html=html)
                for key, html in missing.items()
            ),
            ignore_conflicts=True,
        )
    # The sanitiser ran last in to_html: this is what makes the text safe.
    return {text: mark_safe((kept | missing)[key]) for key, text in by_hash.items()}  # noqa: S308


def html_once(text: str) -> SafeString:
    """Return HTML of a text that nobody will ask for again: a visitor's answer, a preview."""
    return mark_safe(markdown.to_html(text))  # noqa: S308 - sanitised last in to_html


def forget(texts: Iterable[str]) -> None:
    """Delete the HTML kept of `texts`."""
    RenderedText.objects.filter(text_hash__in=[_hash(text) for text in texts]).delete()


def forget_old_renderers() -> int:
    """Delete HTML of former renderer versions; return how many rows."""
    return RenderedText.objects.exclude(renderer=markdown.RENDERER).delete()[0]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
