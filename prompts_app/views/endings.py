"""What becomes of entries their author is done with: the archive, the bin, the end."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from prompts_app import access
from prompts_app.http import Request
from prompts_app.models import Entry
from prompts_app.services import endings, entries
from prompts_app.views.studio import about_entry, author

_ABOUT = {"nav": "studio", "studio_section": "entries"}


@author
@require_POST
def archive(request: Request, slug: str) -> HttpResponse:
    """Put an entry away; the list then offers to undo it."""
    entry = access.own_entry(request.user, slug)
    endings.archive(entry)
    return _list_without(entry)


@author
@require_POST
def take_back(request: Request, slug: str) -> HttpResponse:
    """Take an entry out of the archive."""
    entry = access.own_entry(request.user, slug)
    endings.take_back(entry)
    messages.success(request, _("“%(title)s” is back.") % {"title": entry.title})
    return redirect("studio")


@author
@require_safe
def archived(request: Request) -> HttpResponse:
    """What the author put away."""
    context = {"entries": endings.archived(request.user)}
    return render(request, "studio/archived.html", _ABOUT | context)


@author
@require_http_methods(["GET", "POST"])
def delete(request: Request, slug: str) -> HttpResponse:
    """Say what will go; then put the entry into the bin. The list offers to undo it."""
    entry = access.own_entry(request.user, slug)
    if request.method == "POST":
        endings.discard(entry)
        return _list_without(entry)
    context = about_entry(entry, "settings") | {
        "going": endings.going_with(entry),
        "days": endings.KEPT_FOR.days,
    }
    return render(request, "studio/delete.html", context)


def _list_without(entry: Entry) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('studio')}?{urlencode({'gone': entry.slug})}")


@author
@require_safe
def bin_page(request: Request) -> HttpResponse:
    """What the author deleted, until its time is over."""
    context = {"entries": endings.binned(request.user), "days": endings.KEPT_FOR.days}
    return render(request, "studio/bin.html", _ABOUT | context)


@author
@require_POST
def restore(request: Request, slug: str) -> HttpResponse:
    """Take an entry out of the bin."""
    entry = access.binned_entry(request.user, slug)
    if not endings.restore(entry):
        raise Http404
    messages.success(request, _("“%(title)s” is back.") % {"title": entry.title})
    return redirect("studio")


@author
@require_http_methods(["GET", "POST"])
def delete_now(request: Request, slug: str) -> HttpResponse:
    """Delete an entry of the bin for good, before its time."""
    entry = access.binned_entry(request.user, slug)
    if request.method == "POST":
        entries.delete_entry(entry)
        messages.success(request, _("“%(title)s” is gone for good.") % {"title": entry.title})
        return redirect("studio_bin")
    context = {"entry": entry, "going": endings.going_with(entry)}
    return render(request, "studio/delete_now.html", _ABOUT | context)
