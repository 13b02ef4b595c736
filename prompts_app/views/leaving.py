"""Deleting one's account."""

from allauth.account.decorators import reauthentication_required
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from prompts_app.forms import focus
from prompts_app.forms.accounts import LeaveForm
from prompts_app.http import Request
from prompts_app.services import accounts, leaving


@login_required
@require_http_methods(("GET", "HEAD", "POST"))
@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator]
def delete_account(request: Request) -> HttpResponse:
    """What goes and when; a POST with the tick closes the account and signs out."""
    refused = accounts.is_last_operator(request.user)
    form = LeaveForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and not refused:
        try:
            leaving.leave(request.user)
        except accounts.LastOperator:
            refused = True
        else:
            logout(request)
            return redirect("left")
    focus.on_first_error(form)
    context = {
        "form": form,
        "belongings": leaving.belongings(request.user),
        "deleted_on": timezone.now() + leaving.DELAY,
        "days": leaving.DELAY.days,
        "refused": refused,
        "nav": "studio",
        "studio_section": "profile",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "account/delete.html", context, status=status)


@require_safe
@never_cache
def left(request: Request) -> HttpResponse:
    """What whoever closed their account reads, and whoever comes back too late."""
    return render(request, "account/left.html", {"days": leaving.DELAY.days})
