"""The order of the studio's list: move an entry, pin it, let it go again."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prompts_app import access
from prompts_app.http import Request
from prompts_app.models import Entry
from prompts_app.services import arranging
from prompts_app.views.studio import author

# A list is never longer.
_FAR = 2**31
_STEPS = {"up": -1, "down": 1, "first": -_FAR, "last": _FAR}


@author
@require_POST
def move(request: Request, slug: str) -> HttpResponse:
    """Move an entry: `to` says which way, or `before` or `after` which other entry.

    A script that has moved the row already asks for nothing back.
    """
    entry = _kept(request, slug)
    if (by := _STEPS.get(request.POST.get("to", ""))) is not None:
        place = arranging.step(entry, by)
    else:
        after = "after" in request.POST
        other = _kept(request, request.POST.get("after" if after else "before", ""))
        place = arranging.put_beside(entry, other, after=after)
    if request.accepts("text/html"):
        said = _("“%(title)s” is now number %(place)s.")
        messages.success(request, said % {"title": entry.title, "place": place + 1})
        return _back(request, entry)
    return HttpResponse(status=204)


@author
@require_POST
def pin(request: Request, slug: str) -> HttpResponse:
    """Pin an entry to the front of the profile; with `off` let it stand in its place again."""
    entry = _kept(request, slug)
    if "off" in request.POST:
        arranging.unpin(entry)
        messages.success(request, _("“%(title)s” is no longer pinned.") % {"title": entry.title})
        return _back(request, entry)
    try:
        arranging.pin(entry)
    except arranging.NoRoom:
        said = _("%(most)d entries are pinned, and no more can be. Unpin one first.")
        messages.error(request, said % {"most": arranging.MAX_PINNED})
    else:
        said = _("“%(title)s” is pinned: it stands first on your profile.")
        messages.success(request, said % {"title": entry.title})
    return _back(request, entry)


def _kept(request: Request, slug: str) -> Entry:
    if "\x00" in slug:
        raise Http404
    entry = access.own_entry(request.user, slug)
    if entry.visibility == Entry.Visibility.ARCHIVED:
        raise Http404
    return entry


def _back(request: Request, entry: Entry) -> HttpResponse:
    page = request.POST.get("page", "")
    query = f"?{urlencode({'page': page})}" if page.isascii() and page.isdecimal() else ""
    return HttpResponseRedirect(f"{reverse('studio')}{query}#entry-{entry.pk}")
