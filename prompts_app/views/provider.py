"""One provider in the studio: its test, the models in use, their prices, address and key."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from prompts_app import access
from prompts_app.forms import focus
from prompts_app.forms.offers import NameForm, TermsForms, TickedForm, too_many
from prompts_app.forms.providers import ProviderForm
from prompts_app.http import Request
from prompts_app.llm import presets
from prompts_app.llm.errors import LLMError
from prompts_app.models import LLMModel, Provider
from prompts_app.services import keys, offers, providers
from prompts_app.templatetags.sentences import error_sentence
from prompts_app.views.studio import author

# So many of a long list are shown at once; the filter finds the others.
OFFERS_SHOWN = 60
# A list this short needs no filter.
FILTER_FROM = 20

# Why a test failed, and what its author may do about it (llm.errors.CODES). Codes that are not
# here have the sentence that visitors read.
TEST_FAILURES = {
    "unreachable": gettext_lazy("Nothing answers at this address. Is it spelled right?"),
    "blocked_address": gettext_lazy(
        "This address leads into a private network, which only the site’s operator may use."
    ),
    "bad_key": gettext_lazy("This key has characters that no key has. Paste it again."),
    "unauthorized": gettext_lazy("The provider refused the key. Paste it again or make a new one."),
    "forbidden": gettext_lazy("The provider knows the key, but does not allow it to list models."),
    "no_credit": gettext_lazy("Your credit with this provider is used up."),
    "rate_limited": gettext_lazy("The provider is busy. Test again in a moment."),
    "provider_error": gettext_lazy("The provider had an error. Test again in a moment."),
    "not_found": gettext_lazy(
        "There is no list of models at this address. Most addresses end in /v1. If this one is "
        "right, add models by name."
    ),
    "redirected": gettext_lazy(
        "This address points to another one. Write that one instead: no redirect is followed."
    ),
    "not_json": gettext_lazy(
        "This address answers with a web page instead of a list of models. Most addresses end "
        "in /v1."
    ),
    "bad_answer": gettext_lazy(
        "The provider’s list of models cannot be read. Add models by name instead."
    ),
    "too_slow": gettext_lazy("The provider took too long. Test again in a moment."),
    "no_first_token": gettext_lazy("The provider took too long. Test again in a moment."),
    "silent": gettext_lazy("The provider took too long. Test again in a moment."),
    "cut_off": gettext_lazy("The connection ended before the list did. Test again in a moment."),
    "too_large": gettext_lazy("The provider’s list is too long to read. Add models by name."),
    "key_unreadable": gettext_lazy(
        "The stored key was encrypted with another key of this server. Paste it again below."
    ),
    "still_testing": gettext_lazy("Another test is still running. Wait for it to end."),
}  # fmt: skip


@sensitive_post_parameters("api_key")
@author
@require_http_methods(["GET", "POST"])
def one_provider(request: Request, pk: int) -> HttpResponse:
    """One provider: test it, choose its models, say what they cost. Only a POST calls out."""
    provider = access.own_provider(request.user, pk)
    if request.method == "GET":
        return _page(request, provider)
    match request.POST.get("do"):
        case "test":
            return _test(request, provider)
        case "tick":
            return _tick(request, provider)
        case "name":
            return _name(request, provider)
        case "terms":
            return _terms(request, provider)
        case "save":
            return _save(request, provider)
        case "remove_key":
            providers.remove_key(provider)
            messages.success(request, _("The key is removed."))
            return _back(request, provider)
    raise Http404


def _test(request: Request, provider: Provider) -> HttpResponse:
    try:
        listing = offers.ask_for_models(provider)
    except LLMError as error:
        sentence = TEST_FAILURES.get(error.code) or error_sentence(error.code)
        if error.code == "unauthorized" and not provider.key_encrypted:
            sentence = _("The provider wants a key. Paste one below.")
        return _page(request, provider, failure=str(sentence), cause=error.detail, status=422)
    except keys.KeyUnreadable:
        failure = str(TEST_FAILURES["key_unreadable"])
        return _page(request, provider, failure=failure, status=422)
    except offers.StillTesting:
        failure = str(TEST_FAILURES["still_testing"])
        return _page(request, provider, failure=failure, status=422)
    number = len(listing.names)
    if number:
        sentence = ngettext(
            "It answers and lists %(number)d model.",
            "It answers and lists %(number)d models.",
            number,
        )
        messages.success(request, sentence % {"number": number})
    else:
        messages.warning(request, _("It answers, but lists no models. Add them by name."))
    return _back(request, provider, "#list")


def _tick(request: Request, provider: Provider) -> HttpResponse:
    form = TickedForm(request.POST)
    if form.is_valid():
        try:
            return _added(
                request, provider, offers.use_models(provider, form.cleaned_data["model"])
            )
        except offers.TooManyModels:
            form.add_error("model", too_many())
    return _page(request, provider, ticked=form, status=422)


def _name(request: Request, provider: Provider) -> HttpResponse:
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            return _added(
                request, provider, offers.use_models(provider, [form.cleaned_data["name"]])
            )
        except offers.TooManyModels:
            form.add_error("name", too_many())
    return _page(request, provider, name_form=form, status=422)


def _added(request: Request, provider: Provider, added: list[LLMModel]) -> HttpResponse:
    messages.success(
        request,
        ngettext("%(number)d model is added.", "%(number)d models are added.", len(added))
        % {"number": len(added)},
    )
    _warn_of_missing_prices(request, added)
    return _back(request, provider)


def _warn_of_missing_prices(request: Request, models: Iterable[LLMModel]) -> None:
    names = [model.name for model in models if not providers.has_price(model)]
    if names:
        sentence = ngettext(
            "%(names)s has no price yet and cannot be used without one. Write it below.",
            "%(names)s have no price yet and cannot be used without one. Write them below.",
            len(names),
        )
        shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        messages.warning(request, sentence % {"names": shown})


def _terms(request: Request, provider: Provider) -> HttpResponse:
    forms = TermsForms(_in_use(provider), request.POST)
    if not forms.is_valid():
        return _page(request, provider, terms=forms, status=422)
    changed = forms.changed()
    offers.set_terms(changed)
    offers.stop_using(forms.removed())
    messages.success(request, _("Models and prices are saved."))
    _warn_of_missing_prices(request, changed)
    return _back(request, provider)


def _save(request: Request, provider: Provider) -> HttpResponse:
    had_key = bool(provider.key_encrypted)
    form = _connection_form(request, provider, request.POST)
    if not form.is_valid():
        return _page(request, provider, connection=form, status=422)
    saved = providers.save_provider(request.user, provider, **form.values())
    messages.success(request, _("The connection is saved."))
    if had_key and not saved.key_encrypted:
        messages.warning(
            request,
            _("The address belongs to another server now, so the key was removed. Paste its own."),
        )
    return _back(request, saved)


def _connection_form(request: Request, provider: Provider, data: Any = None) -> ProviderForm:
    return ProviderForm(
        data,
        preset=_preset_of(provider),
        provider=provider,
        allow_private=access.may_use_private_addresses(request.user),
    )


def _preset_of(provider: Provider) -> presets.Preset:
    return presets.preset(provider.preset) or presets.PRESETS[-1]


def _in_use(provider: Provider) -> list[LLMModel]:
    return list(provider.served.filter(enabled=True).order_by("-kind", "name"))


def _wanted(request: Request) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()[:120]


def _back(request: Request, provider: Provider, part: str = "") -> HttpResponse:
    query = f"?{request.GET.urlencode()}" if _wanted(request) else ""
    return redirect(f"{reverse('studio_provider', args=[provider.pk])}{query}{part}")


def _page(
    request: Request,
    provider: Provider,
    *,
    failure: str = "",
    cause: str = "",
    terms: TermsForms | None = None,
    ticked: TickedForm | None = None,
    name_form: NameForm | None = None,
    connection: ProviderForm | None = None,
    status: int = 200,
) -> HttpResponse:
    listing = offers.last_listing(provider)
    wanted = _wanted(request)
    names = listing.names if listing else ()
    found, number = offers.offers(provider, names, wanted=wanted, most=OFFERS_SHOWN)
    form = connection or _connection_form(request, provider)
    terms = terms or TermsForms(_in_use(provider))
    name_form = name_form or NameForm()
    focus.on_first_error(terms, name_form, form)
    unticked = "list" if ticked is not None and ticked.errors else ""
    context = {
        "nav": "studio",
        "studio_section": "providers",
        "provider": provider,
        "host": providers.host_of(provider.base_url),
        "has_key": bool(provider.key_encrypted),
        "preset": _preset_of(provider),
        "resting": provider.rest_until is not None and provider.rest_until > timezone.now(),
        "failure": failure,
        "cause": cause,
        "terms": terms,
        "listing": listing,
        "wanted": wanted,
        "filter": bool(wanted) or number >= FILTER_FROM,
        "offers": found,
        "offers_number": number,
        "ticked": ticked,
        "ticked_names": set(ticked["model"].data or ()) if ticked else set(),
        "name_form": name_form,
        "form": form,
        "first_refused": terms.first_refused
        or unticked
        or name_form.first_refused
        or form.first_refused,
        "key_again": form.is_bound and bool(form["api_key"].data),
    }
    return render(request, "studio/provider.html", context, status=status)
