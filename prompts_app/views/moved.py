"""Where a page stands whose handle or slug changed."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse

from prompts_app import access, http
from prompts_app.models import Profile, User
from prompts_app.services import addresses


class Moved(HttpResponsePermanentRedirect):
    """301; what was posted is to be posted there (308)."""

    def __init__(self, address: str, method: str) -> None:
        super().__init__(address)
        if method not in ("GET", "HEAD"):
            self.status_code = 308
        # Somebody else may have the old address one day: no browser is to know better.
        self["Cache-Control"] = "no-cache"


def moved(request: HttpRequest) -> HttpResponse | None:
    """Return the way to where the page of an address that is not there stands now, if there is one.

    It is told to whoever may see that page, and to nobody else.
    """
    match = request.resolver_match
    if match is None or match.view_name is None:
        return None
    try:
        changed = _changed(match.kwargs, match.route, http.viewer(request))
    except Http404:
        return None
    if changed == match.kwargs:
        return None
    address = reverse(match.view_name, kwargs=changed)
    query = request.META.get("QUERY_STRING", "")
    return Moved(f"{address}?{query}" if query else address, request.method or "GET")


def _changed(kwargs: dict[str, str], route: str, viewer: User | None) -> dict[str, str]:
    """The arguments of the address as it would be now; raises Http404 where nobody may know."""
    if "handle" in kwargs:
        handle = addresses.handle_now(kwargs["handle"])
        if "slug" not in kwargs:
            access.public_profile(handle, viewer)
            return kwargs | {"handle": handle}
        owner = Profile.objects.select_related("user").filter(handle__iexact=handle).first()
        slug = addresses.slug_now(owner.user, kwargs["slug"]) if owner else ""
        access.public_entry(handle, slug, viewer)
        return kwargs | {"handle": handle, "slug": slug}
    if route.startswith("studio/entries/") and "slug" in kwargs and viewer is not None:
        slug = addresses.slug_now(viewer, kwargs["slug"])
        access.own_entry(viewer, slug)
        return kwargs | {"slug": slug}
    return kwargs
