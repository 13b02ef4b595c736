"""Accounts: allauth's pages in the manners of this site, invitations, the second factor's code."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import get_totp_secret
from allauth.mfa.webauthn.views import login_webauthn
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.serializers.json import DjangoJSONEncoder
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from prompts_app import access_accounts
from prompts_app.forms import focus
from prompts_app.http import Request

View = Callable[..., HttpResponse]
# This site has a page of its own there.
_REPLACED = frozenset(("usersessions_list", "mfa_login_webauthn"))


def with_site_manners(
    routes: Iterable[URLPattern | URLResolver],
) -> Iterator[URLPattern | URLResolver]:
    """Give every view among `routes` the manners of this site's own forms."""
    for route in routes:
        if isinstance(route, URLResolver):
            yield URLResolver(route.pattern, list(with_site_manners(route.url_patterns)))
        elif route.name not in _REPLACED:
            yield URLPattern(
                route.pattern, _mannered(route.callback), route.default_args, route.name
            )


def _mannered(view: View) -> View:
    """Answer 422 to an invalid form, show labels alone, and say who may sign up."""

    @wraps(view)
    def wrapper(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse):
            context = response.context_data or {}
            response.context_data = context | {
                "signup": settings.ACCOUNT_SIGNUP,
                "verification_is_mandatory": settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory",
                "nav": "studio",
                "passkey_options": _passkey_options(context),
                "has_passkey": _can_sign(context),
            }
            for form in (context.get("form"), context.get("webauthn_form")):
                if isinstance(form, BaseForm):
                    _plain(form)
                    focus.on_first_error(form)
                    response.context_data.setdefault("first_refused", focus.first_refused(form))
                    if request.method == "POST" and response.status_code == 200 and form.errors:
                        response.status_code = 422
        return response

    return wrapper


def _plain(form: BaseForm) -> None:
    for field in form.fields.values():
        # A placeholder that repeats the label is one more thing to read.
        field.widget.attrs.pop("placeholder", None)
        if "<ul>" in str(field.help_text):
            # A list cannot stand in the paragraph of a field's help.
            field.help_text = " ".join(password_validators_help_texts())


def _passkey_options(context: dict[str, Any]) -> str:
    """Return what a browser's passkey is asked for, as JSON; "" where none is."""
    for options in (context.get("js_data") or {}).values():
        return json.dumps(options, cls=DjangoJSONEncoder)
    return ""


def _can_sign(context: dict[str, Any]) -> bool:
    """Say whether whoever is signing in has a passkey: only then there is something to ask."""
    options = (context.get("js_data") or {}).get("request_options") or {}
    return bool(dict(options.get("publicKey") or {}).get("allowCredentials"))


# Asking what to sign makes a session: it counts as much as signing does.
passkey_sign_in: View = _mannered(
    ratelimit.decorator(app="allauth.mfa", action="webauthn_login", limit_get=True)(login_webauthn)
)


@require_safe
@never_cache
def invitation(request: Request, code: str) -> HttpResponse:
    """Remember the invitation for this visit and go on to sign up."""
    if access_accounts.invitation(code) is None:
        raise Http404
    request.session["invitation"] = code
    return redirect("account_signup")


@require_safe
@never_cache
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
def totp_picture(request: Request) -> HttpResponse:
    """The code to scan while an authenticator app is being set up: the page's policy allows no
    pictures inside addresses."""
    adapter = get_adapter()
    address = adapter.build_totp_url(request.user, get_totp_secret())
    return HttpResponse(adapter.build_totp_svg(address), content_type="image/svg+xml")
