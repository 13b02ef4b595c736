"""Where one is signed in."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from prompts_app import http
from prompts_app.http import Request
from prompts_app.services import sessions


@login_required
@require_http_methods(("GET", "HEAD", "POST"))
def all_sessions(request: Request) -> HttpResponse:
    """The list; a POST signs out one browser, or all others."""
    current = request.session.session_key or ""
    if request.method == "POST":
        if "session" in request.POST:
            chosen = http.whole_number(request.POST["session"])
            if not sessions.end(request.user, chosen, current):
                raise Http404
            messages.success(request, _("That browser is signed out."))
        else:
            ended = sessions.end_others(request.user, current)
            messages.success(
                request,
                ngettext(
                    "%(number)d other browser is signed out.",
                    "%(number)d other browsers are signed out.",
                    ended,
                )
                % {"number": ended},
            )
        return redirect("usersessions_list")
    found = sessions.signed_in(request.user, current)
    if not any(one.is_current for one in found):
        # Signed in by another way than the form, or before there was a list.
        UserSession.objects.create_from_request(request)
        found = sessions.signed_in(request.user, request.session.session_key or "")
    context = {"sessions": found, "nav": "studio", "studio_section": "profile"}
    return render(request, "account/sessions.html", context)
