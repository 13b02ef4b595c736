"""An author's public profile."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.models import Entry, Profile
from prompts_app.services import profiles, rendering
from prompts_app.templatetags.prompts import picture_small_url
from prompts_app.views.cards import cards_of
from prompts_app.views.skills import skills_listed

PAGE = 24


@require_safe
@http.kept
def profile_page(request: Request, handle: str) -> HttpResponse:
    """The person, their listed entries newest first, and what shows their skills."""
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
        "cards": cards_of(entries, with_author=False),
        "skills": skills_listed(profile, listed),
        "tested_on": profiles.tested_on(listed),
        "resume_url": reverse("profile_resume", args=[profile.handle])
        if profile.shares_resume
        else "",
        "is_hidden": not entries or not profile.is_indexed,
        "first_page": newer is None,
        "nothing_listed": not entries,
        "newer": f"{address}?before={newer}" if newer else "",
        "older": f"{address}?after={older}" if older else "",
        "profile_url": address,
    }


def _page(
    listed: QuerySet[Entry], after: str | None, before: str | None
) -> tuple[list[Entry], int | None, int | None]:
    """One page of entries, and the ids its neighbours begin at (None where there is no more)."""
    rows = listed.for_cards()  # type: ignore[attr-defined]
    if before is not None:
        edge = _edge(listed, before)
        # "At most this moment, but not these": a range that an index can start reading at.
        rows = rows.filter(published_at__gte=edge.published_at).exclude(
            published_at=edge.published_at, pk__lte=edge.pk
        )
        found = list(rows.order_by("published_at", "pk")[: PAGE + 1])
        page = found[:PAGE][::-1]
        return page, page[0].pk if len(found) > PAGE else None, page[-1].pk if page else None
    if after is not None:
        edge = _edge(listed, after)
        rows = rows.filter(published_at__lte=edge.published_at).exclude(
            published_at=edge.published_at, pk__gte=edge.pk
        )
    found = list(rows.order_by("-published_at", "-pk")[: PAGE + 1])
    page = found[:PAGE]
    newer = page[0].pk if after is not None and page else None
    return page, newer, page[-1].pk if len(found) > PAGE else None


def _edge(listed: QuerySet[Entry], entry_id: str) -> Entry:
    """The entry a page begins after; one that is not listed (any more) is a 404."""
    if not (entry_id.isascii() and entry_id.isdecimal() and len(entry_id) < 16):
        raise Http404
    found = listed.filter(pk=int(entry_id)).only("published_at").first()
    if found is None:
        raise Http404
    return found
