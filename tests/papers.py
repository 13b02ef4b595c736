"""Share links with what they show, and their dossiers read back."""

import io
from typing import Any

import pypdf
from django.urls import reverse

from prompts_app.models import Entry, ShareItem, ShareLink, User, Version
from prompts_app.services import share_tokens


def link(
    owner: User, *shown: Entry | tuple[Entry, Version], password: str = "", **fields: Any
) -> tuple[ShareLink, str]:
    """Return a link of `owner` that shows entries, some at a fixed version; and its token."""
    made = ShareLink(owner=owner, **fields)
    token = share_tokens.mint(made)
    if password:
        share_tokens.set_password(made, password)
    made.save()
    for position, one in enumerate(shown):
        entry, version = one if isinstance(one, tuple) else (one, None)
        ShareItem.objects.create(link=made, entry=entry, version=version, position=position)
    return made, token


def dossier_url(token: str) -> str:
    """Return where a link's dossier is."""
    return reverse("share_dossier", args=[token])


def text_of(pdf: bytes) -> str:
    """Return what a PDF says, with single spaces."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())
