"""An author's public profile."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry, Profile
from prompts_app.models.entries import EntryQuerySet
from prompts_app.search import keyset
from prompts_app.services import rendering
from prompts_app.templatetags.prompts import picture_small_url
from prompts_app.views.cards import cards_of
from prompts_app.views.skills import skills_listed

PAGE = 24
# The last comes first: the author's order, and newest first where they made none.
_ORDER = ("place", "published_at", "id")


@require_safe
@http.kept
def profile_page(request: Request, handle: str) -> HttpResponse:
    """The person, their listed entries in their own order, and what shows their skills."""
    viewer = http.viewer(request)
    profile = access.public_profile(handle, viewer)
    return render(request, "profiles/page.html", profile_context(request, profile))


def profile_context(request: Request, profile: Profile) -> dict[str, Any]:
    """Return what profiles/page.html shows; the arguments `after` and `before` turn pages."""
    listed = Entry.objects.listed().filter(owner=profile.user_id)
    entries, newer, older = _page(listed, request.GET.get("after"), request.GET.get("before"))
    address = reverse("profile", args=[profile.handle])
    return {
        "profile": profile,
        "own": profile.user == http.viewer(request),
        "avatar_url": picture_small_url(profile.avatar),
        "bio_html": rendering.html_of([profile.bio]).get(profile.bio, ""),
        # What is pinned stands on the first page alone, which has room for all of it.
        "pinned": cards_of((one for one in entries if one.pinned), with_author=False),
        "cards": cards_of((one for one in entries if not one.pinned), with_author=False),
        "skills": skills_listed(profile, listed),
        "first_page": newer is None,
        "nothing_listed": not entries,
        "newer": f"{address}?before={newer}" if newer else "",
        "older": f"{address}?after={older}" if older else "",
        "profile_url": address,
    }


def _page(
    listed: EntryQuerySet, after: str | None, before: str | None
) -> tuple[list[Entry], int | None, int | None]:
    """One page of entries, and the ids its neighbours begin at (None where there is no more)."""
    others = listed.for_cards().filter(pinned=False)
    if before is not None:
        rows = others.filter(keyset.higher(_edge(listed, before), *_ORDER))
        found = list(rows.order_by(*_ORDER)[: PAGE + 1])
        page = found[:PAGE][::-1]
        if len(found) > PAGE:
            return page, page[0].pk, page[-1].pk
        # Back at the beginning, which shows more than these.
    first = before is not None or after is None
    if first:
        rows = listed.for_cards().in_order()
    else:
        rows = others.filter(keyset.lower(_edge(listed, after or ""), *_ORDER))
        rows = rows.order_by(*(f"-{name}" for name in _ORDER))
    found = list(rows[: PAGE + 1])
    page = found[:PAGE]
    newer = page[0].pk if page and not first else None
    return page, newer, page[-1].pk if len(found) > PAGE else None


def _edge(listed: EntryQuerySet, entry_id: str) -> Entry:
    """The entry a page begins after; one that is not listed (any more) is a 404."""
    if not (entry_id.isascii() and entry_id.isdecimal() and len(entry_id) < 16):
        raise Http404
    found = listed.filter(pk=int(entry_id)).only("place", "published_at").first()
    if found is None:
        raise Http404
    return found
