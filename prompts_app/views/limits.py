"""The studio's page of what visitors may spend and try."""

from datetime import UTC

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from prompts_app.forms import focus
from prompts_app.forms.limits import LimitsForm
from prompts_app.forms.zones import zone_name
from prompts_app.http import Request
from prompts_app.models import Spending
from prompts_app.services import days, spending, troubles
from prompts_app.templatetags.limits import refusal_reason
from prompts_app.views.studio import author

DAYS_SHOWN = 14
ENTRIES_SHOWN = LINKS_SHOWN = 50


@author
@require_http_methods(["GET", "POST"])
def limits(request: Request) -> HttpResponse:
    """The limits, what is left of them today, and the days before."""
    allowed = Spending.of(request.user)
    form = LimitsForm(allowed, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        spending.set_time_zone(request.user, chosen.pop("time_zone"))
        spending.set_limits(request.user, **chosen)
        messages.success(request, _("The limits are saved. They hold from the next try on."))
        return redirect("studio_limits")
    focus.on_first_error(form)
    latest = spending.last_days(request.user, DAYS_SHOWN)
    purses = spending.purses_today(request.user)
    first = latest[-1].day
    zone = days.zone_of(request.user)
    by_entry = spending.by_entry(request.user, first)[:ENTRIES_SHOWN]
    context = {
        "nav": "studio",
        "studio_section": "limits",
        "form": form,
        "paused": allowed.paused,
        "purses": purses,
        "today": latest[0],
        # The clock went back, or the zone was changed: the day stays where the books have reached.
        "day_ahead": latest[0].day > days.today(zone),
        # As clocks there show it: a template would bring an aware one back to UTC.
        "day_ends": days.end(latest[0].day, zone).astimezone(zone).replace(tzinfo=None),
        "in_utc": zone is UTC,
        "zone": zone_name(request.user.time_zone),
        "overrun": sum(purse.overrun for purse in purses),
        "days": latest,
        "site_purse": len(purses) > 1 or any(day.site for day in latest),
        "any_overrun": any(day.overrun for day in latest),
        "any_refused": any(day.refused for day in latest),
        "any_links": any(day.link_tries or day.links for day in latest),
        "kept_for_links": sum(purse.kept for purse in purses),
        "used_by_links": sum(purse.links for purse in purses),
        "failures": troubles.failures(request.user, first),
        "by_entry": by_entry,
        "any_entry_by_link": any(row.link_tries for row in by_entry),
        "by_link": spending.by_link(request.user)[:LINKS_SHOWN],
        "reasons": [
            (refusal_reason(code), number)
            for code, number in spending.refusal_reasons(request.user, first)
        ],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "studio/limits.html", context, status=status)


@author
@require_POST
def pause(request: Request) -> HttpResponse:
    """Stop all tries at once, or allow them again."""
    paused = request.POST.get("paused") == "1"
    spending.pause(request.user, paused)
    messages.success(
        request,
        _("All tries are stopped. Visitors see recorded answers.")
        if paused
        else _("Visitors may try your prompts again."),
    )
    return redirect("studio_limits")
