"""Share links in the studio: the list, one link ready to send, and taking it back."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from prompts_app import access
from prompts_app.forms.share_items import Items
from prompts_app.forms.zones import zone_name
from prompts_app.http import Request
from prompts_app.models import ShareLink
from prompts_app.services import days, shares, visits
from prompts_app.services.keys import KeyUnreadable
from prompts_app.services.share_tokens import shown_by
from prompts_app.views import share_summary
from prompts_app.views.studio import author

LINKS_A_PAGE = 50
_CODES = {"svg": "image/svg+xml", "png": "image/png"}


def about_links() -> dict[str, Any]:
    """Return what every page about links needs."""
    return {"nav": "studio", "studio_section": "links"}


@never_cache
@author
@require_safe
def all_links(request: Request) -> HttpResponse:
    """The author's links, newest first."""
    page = Paginator(shares.links_of(request.user), LINKS_A_PAGE).get_page(request.GET.get("page"))
    links = list(page.object_list)
    counts = visits.counts(links)
    rows = [
        {
            "link": link,
            "state": shares.state_of(link),
            "address": _address(link),
            "counts": counts.get(link.pk),
        }
        for link in links
    ]
    context = {**about_links(), "page": page, "rows": rows, "counts": True}
    return render(request, "shares/links.html", context)


@never_cache
@author
@require_safe
def one_link(request: Request, link_id: uuid.UUID) -> HttpResponse:
    """What is to be sent, what it opens, and what became of it."""
    link = access.own_link(request.user, link_id)
    link.owner = request.user
    state, address = shares.state_of(link), _address(link)
    shown = shown_by(link)
    zone = days.zone_of(request.user)
    context = {
        **about_links(),
        "link": link,
        "state": state,
        "address": address,
        "rows": Items(request.user, kept=link).rows,
        "nothing_shown": not shown,
        "visits": visits.table_of(link),
        "expires": _local(link.expires_at, zone_name(request.user.time_zone), zone),
    }
    if address:
        context["summary"] = share_summary.summary(link, shown, address)
        context["mail"] = share_summary.mail(link, shown, address)
    return render(request, "shares/link.html", context)


def _address(link: ShareLink) -> str:
    """Return a link's address; "" where another FIELD_KEY hides it."""
    try:
        return shares.address_of(link)
    except KeyUnreadable:
        return ""


def _local(moment: datetime | None, name: str, zone: Any) -> dict[str, Any] | None:
    if moment is None:
        return None
    # As clocks there show it: a template would bring an aware one back to UTC.
    return {"moment": moment, "shown": moment.astimezone(zone).replace(tzinfo=None), "zone": name}


@author
@require_POST
def revoke(request: Request, link_id: uuid.UUID) -> HttpResponse:
    """Take a link back at once, or undo that."""
    link = access.own_link(request.user, link_id)
    if request.POST.get("undo"):
        shares.give_again(link)
        messages.success(request, _("The link opens again, at the same address."))
    else:
        shares.revoke(link)
        messages.success(request, _("The link is revoked. Its address opens nothing any more."))
    return redirect("studio_link", link.pk)


@never_cache
@author
@require_safe
def code(request: Request, link_id: uuid.UUID, kind: str) -> HttpResponse:
    """The QR code of a link's address as a file."""
    link = access.own_link(request.user, link_id)
    try:
        data = shares.code_of(link, "png" if kind == "png" else "svg")
    except KeyUnreadable as error:
        raise Http404 from error
    response = HttpResponse(data, content_type=_CODES[kind])
    response["Content-Disposition"] = f'inline; filename="link.{kind}"'
    return response
