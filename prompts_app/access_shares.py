"""Who may see what through a share link: what the link shows, and nothing beside it.

As in access.py, missing and forbidden are the same answer, 404.
"""

import uuid

from django.http import Http404
from django.urls import resolve, reverse

from prompts_app.models import Picture, Run, ShareLink
from prompts_app.services import share_tokens
from prompts_app.services.profiles import proofs_of
from prompts_app.services.share_page import prompts_of
from prompts_app.services.share_tokens import Shown

MAX_BELOW = 200


def shared_entry(link: ShareLink, slug: str) -> Shown:
    """Return one of the entries that an open link shows."""
    found = share_tokens.shown_by(link, slug)
    if not found:
        raise Http404
    return found[0]


def shared_run(link: ShareLink, run_id: uuid.UUID) -> tuple[Run, Shown]:
    """Return a finished run of what an open link shows of its entries, and which that is."""
    run = (
        Run.objects.shown()
        .select_related("version__entry", "case", "picture", "receipt")
        .filter(pk=run_id, version__withdrawn_at__isnull=True)
        .filter(version__entry__share_items__link=link)
        .first()
    )
    if run is None:
        raise Http404
    shown = shared_entry(link, run.version.entry.slug)
    if run.version.prompt_hash not in prompts_of(shown):
        raise Http404
    return run, shown


def shared_receipt(link: ShareLink, run_id: uuid.UUID) -> tuple[Run, Shown]:
    """Return such a run where its receipt may be seen: that holds the hash of what was sent."""
    if not link.shows_prompts:
        raise Http404
    return shared_run(link, run_id)


def shared_page(link: ShareLink, below: str) -> None:
    """Raise Http404 unless `below` is the path, under an open link, of a page that it shows."""
    if len(below) > MAX_BELOW or not below.isprintable():
        raise Http404
    # The token is none of this: any other stands for it as well.
    match = resolve(reverse("share", args=["-"]) + below)
    if match.url_name == "share_run":
        shared_run(link, match.kwargs["run_id"])
    elif match.url_name in ("share_entry", "share_try"):
        shared_entry(link, match.kwargs["slug"])
    elif match.url_name != "share":
        raise Http404


def shared_picture(link: ShareLink, picture_id: uuid.UUID) -> Picture:
    """Return a picture that an open link shows: of its author, an entry's cover, or of a run."""
    found = Picture.objects.filter(pk=picture_id, owner=link.owner_id).first()
    if found is None:
        raise Http404
    if found.avatar_of.exists() or found.pk in proofs_of(link.owner.profile):
        return found
    shown = share_tokens.shown_by(link)
    if any(one.entry.cover_id == found.pk for one in shown):
        return found
    for one in shown:
        of_entry = found.runs.shown().filter(
            version__entry=one.entry,
            version__prompt_hash__in=prompts_of(one),
            version__withdrawn_at__isnull=True,
        )
        if of_entry.exists():
            return found
    raise Http404
