"""The studio's list of providers of models; a new one, and the end of one."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from prompts_app import access
from prompts_app.forms import focus
from prompts_app.forms.providers import ProviderForm
from prompts_app.http import Request
from prompts_app.llm import presets
from prompts_app.models import Entry, LLMModel, Provider
from prompts_app.services import days, providers, troubles
from prompts_app.views.limits import DAYS_SHOWN
from prompts_app.views.studio import author

TROUBLES_SHOWN = 100


@author
@require_safe
def all_providers(request: Request) -> HttpResponse:
    """The author's own providers, those of the site if granted, and what can be added."""
    own = [_summary(provider) for provider in providers.own_providers(request.user)]
    granted = providers.granted(request.user)
    since = days.today() - timedelta(days=DAYS_SHOWN - 1)
    context = {
        "nav": "studio",
        "studio_section": "providers",
        "own": own,
        "grant": granted[0] if granted else None,
        "sites": [_summary(provider) for provider in granted[1]] if granted else [],
        "presets": presets.PRESETS,
        "troubles": troubles.troubles(request.user, since)[:TROUBLES_SHOWN],
        "trouble_days": DAYS_SHOWN,
    }
    return render(request, "studio/providers.html", context)


def _summary(provider: Provider) -> dict[str, Any]:
    models: list[LLMModel] = getattr(provider, "in_use")  # noqa: B009 - a prefetch's name
    return {
        "provider": provider,
        "host": providers.host_of(provider.base_url),
        "has_key": bool(provider.key_encrypted),
        "models": [{"model": one, "usable": providers.has_price(one)} for one in models],
        "unpriced": sum(not providers.has_price(one) for one in models),
    }


@sensitive_post_parameters("api_key")
@author
@require_http_methods(["GET", "POST"])
def new_provider(request: Request) -> HttpResponse:
    """Add a provider; `preset` says which well-known one."""
    sent = request.POST if request.method == "POST" else request.GET
    preset = presets.preset(sent.get("preset", "")) or presets.PRESETS[0]
    form = ProviderForm(
        request.POST if request.method == "POST" else None,
        preset=preset,
        allow_private=access.may_use_private_addresses(request.user),
    )
    if request.method == "POST" and form.is_valid():
        provider = providers.save_provider(request.user, None, **form.values())
        messages.success(request, _("It is kept. Now test whether it answers."))
        return redirect("studio_provider", provider.pk)
    focus.on_first_error(form)
    context = {
        "nav": "studio",
        "studio_section": "providers",
        "form": form,
        "preset": preset,
        "presets": presets.PRESETS,
        "key_again": form.is_bound and bool(form["api_key"].data),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "studio/provider_new.html", context, status=status)


@author
@require_http_methods(["GET", "POST"])
def delete_provider(request: Request, pk: int) -> HttpResponse:
    """Say what goes with a provider, then delete it."""
    provider = access.own_provider(request.user, pk)
    if request.method == "POST":
        providers.delete_provider(provider)
        messages.success(request, _("“%(name)s” is deleted.") % {"name": provider.name})
        return redirect("studio_providers")
    entries = Entry.objects.filter(owner=request.user, tryable__provider=provider)
    context = {
        "nav": "studio",
        "studio_section": "providers",
        "provider": provider,
        "models": provider.served.filter(enabled=True).count(),
        "entries": entries.filter(purge_at__isnull=True).distinct().order_by("title"),
    }
    return render(request, "studio/provider_delete.html", context)
