"""Writing to an author: from their profile, from a share link, and for a new link.

The forms stand on pages of their own, which are never kept: public pages stay free of cookies.
"""

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from prompts_app import access, http
from prompts_app.forms.contact import ContactForm, LetterForm, ask_form
from prompts_app.http import Request
from prompts_app.models import Profile, ShareLink
from prompts_app.services import contact, visitors
from prompts_app.views.share_door import shared, shared_though_expired

METHODS = ("GET", "HEAD", "POST")


@never_cache
@require_http_methods(METHODS)
def profile_contact(request: Request, handle: str) -> HttpResponse:
    """The form of an author's public profile."""
    profile = access.public_profile(handle, http.viewer(request))
    if not contact.takes_messages(profile):
        raise Http404
    form = ContactForm(f"author {profile.user_id}", _posted(request))
    context = {"back": reverse("profile", args=[profile.handle])}
    return _answer(request, profile, form, context)


@shared
@require_http_methods(METHODS)
def share_contact(request: Request, link: ShareLink) -> HttpResponse:
    """The form of a share link."""
    profile = link.owner.profile
    if not contact.takes_messages(profile):
        raise Http404
    form = ContactForm(f"link {link.pk}", _posted(request))
    context = {"link": link, "back": "../"}
    return _answer(request, profile, form, context, link=link)


@shared_though_expired
@require_http_methods(METHODS)
def share_ask(request: Request, link: ShareLink) -> HttpResponse:
    """The wish for a new link, of whoever holds an expired one; a live one leads to its page."""
    if not link.is_expired:
        return http.SeeOther("../")
    form = ask_form(link, _posted(request))
    context = {"link": link, "asks": True}
    return _answer(request, link.owner.profile, form, context, link=link, about=contact.NEW_LINK)


def _posted(request: Request) -> Any:
    return request.POST if request.method == "POST" else None


def _answer(
    request: Request,
    profile: Profile,
    form: LetterForm,
    context: dict[str, Any],
    *,
    link: ShareLink | None = None,
    about: str = contact.MESSAGE,
) -> HttpResponse:
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            visitor = visitors.visitor_of(http.client_address(request))
            try:
                kept = contact.keep(
                    profile.user, form.letter, visitor, about=about, link=link, **form.values()
                )
            except contact.Refused as refused:
                form.add_error(None, _refusal(refused.code, profile))
                status = 429
            else:
                return http.SeeOther(f"{request.path}?sent={kept.pk}")
    shown = {
        "profile": profile,
        "form": form,
        "sent": _is_sent(request, profile),
        "address": request.path,
    }
    return render(request, "contact/page.html", shown | context, status=status)


def _is_sent(request: Request, profile: Profile) -> bool:
    """Whether this is the page after sending: only where the message is there indeed."""
    try:
        letter = uuid.UUID(request.GET.get("sent", ""))
    except ValueError:
        return False
    return contact.is_kept(profile.user, letter)


def _refusal(code: str, profile: Profile) -> str:
    if code == "visitor":
        return _("From here %(name)s has got several messages today. Try again tomorrow.") % {
            "name": profile.name
        }
    return _("%(name)s has got very many messages today. Try again tomorrow.") % {
        "name": profile.name
    }
