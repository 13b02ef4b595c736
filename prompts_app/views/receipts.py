"""Receipts: the file of one run, the site's public keys, and checking a receipt."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from prompts_app import access, http
from prompts_app.forms import focus
from prompts_app.forms.receipts import VerifyForm
from prompts_app.http import Request
from prompts_app.models import CapturedElsewhere, Receipt, Run
from prompts_app.receipts import checks, statement
from prompts_app.receipts.checks import Line
from prompts_app.receipts.keys import keys_document, keys_of
from prompts_app.services import receipt_keys, receipts
from prompts_app.views.places import SITE, Places

SCRIPT = settings.BASE_DIR / "docs" / "verify.py"


@require_safe
@http.kept
def receipt_file(request: Request, run_id: uuid.UUID) -> HttpResponse:
    """The receipt of a run that the reader may see, as JSON."""
    return as_file(access.public_run(run_id, http.viewer(request)))


def as_file(run: Run) -> HttpResponse:
    """Return the receipt of a run as JSON. Raises Http404 for a run without one."""
    kept = receipt_of(run) or elsewhere_of(run)
    if kept is None or not kept.statement:
        raise Http404
    response = _json(receipts.document(kept, run))
    response["Content-Disposition"] = f'inline; filename="receipt-{run.pk}.json"'
    # A file for programs: search engines are given the run's page.
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@http.kept
def run_keys(request: Request, run_id: uuid.UUID) -> HttpResponse:
    """The key that came along with another site's receipt, as a keys file of that site."""
    elsewhere = elsewhere_of(access.public_run(run_id, http.viewer(request)))
    if elsewhere is None or not elsewhere.key:
        raise Http404
    response = _json(keys_document(elsewhere.site, keys_of(elsewhere.key)))
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@http.kept
def key_file(request: Request) -> HttpResponse:
    """Every public key this site has signed with."""
    return _json(keys_document(settings.SITE_URL, receipt_keys.public_keys()))


@require_safe
@http.kept
def script_file(request: Request) -> HttpResponse:
    """The script that checks receipts without this site."""
    try:
        text = SCRIPT.read_text()
    except FileNotFoundError as error:
        raise Http404 from error
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


# Public pages carry no CSRF token; a check changes nothing, whoever asked for it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: Request) -> HttpResponse:
    """Take a receipt and say line by line what holds; `?run=` takes that of a run here."""
    return _verify_given(request) if request.method == "POST" else _verify_page(request)


@http.kept
def _verify_page(request: Request) -> HttpResponse:
    named = request.GET.get("run", "")
    if not named:
        return render(request, "receipts/page.html", {"form": VerifyForm(), **_links()})
    try:
        run = access.public_run(uuid.UUID(named), http.viewer(request))
    except (ValueError, Http404):
        problem = _("No run of this site has this address.")
    else:
        if receipt_of(run) is not None:
            return render(request, "receipts/page.html", own_check(run) | {"form": VerifyForm()})
        problem = _("This run has no receipt: it was not captured by this site.")
    context = {"form": VerifyForm.refused(named, problem), **_links()}
    return render(request, "receipts/page.html", context, status=404)


def _verify_given(request: Request) -> HttpResponse:
    form = VerifyForm(request.POST, request.FILES)
    context: dict[str, Any] | None = None
    if form.is_valid():
        given = form.receipt()
        context = _checked(request, given, form) if given else _named(request, form)
    status = 200 if context else 422
    if not context:
        focus.on_first_error(form)
    response = render(
        request, "receipts/page.html", context or {"form": form, **_links()}, status=status
    )
    response["Cache-Control"] = "private, no-store"
    return response


def receipt_of(run: Run) -> Receipt | None:
    """Return a run's receipt; None for runs from elsewhere and from before there were receipts."""
    return getattr(run, "receipt", None)


def elsewhere_of(run: Run) -> CapturedElsewhere | None:
    """Return what an archive says of a run that another site captured; None for other runs."""
    return getattr(run, "captured_elsewhere", None)


def _named(request: Request, form: VerifyForm) -> dict[str, Any] | None:
    """The check of the run whose address was given; None with an error at its field."""
    try:
        run = access.public_run(form.run_id(), http.viewer(request))
    except Http404:
        form.add_error("link", _("No run of this site has this address."))
        return None
    if receipt_of(run) is None:
        form.add_error("link", _("This run has no receipt: it was not captured by this site."))
        return None
    return own_check(run) | {"form": form}


def own_check(run: Run, places: Places = SITE) -> dict[str, Any]:
    """Return what receipts/_result.html shows of a run's receipt. Raises Http404 without one.

    It is checked in the very form it is given away.
    """
    kept = receipt_of(run)
    if kept is None:
        raise Http404
    document = json.dumps(receipts.document(kept, run), ensure_ascii=False)
    given = statement.read_receipt(document.encode())
    return _result(given, receipts.look(given), run, places)


def _checked(request: Request, given: statement.Receipt, form: VerifyForm) -> dict[str, Any]:
    lines = receipts.look(given)
    try:
        run = access.public_run(uuid.UUID(given.statement["run"]), http.viewer(request))
    except Http404:
        run = None
    kept = receipt_of(run) if run is not None else None
    # Told only of runs that anyone may see: to others a forged receipt must be no key.
    if kept is not None and Line("signature", "fails", "broken") in lines:
        lines.append(receipts.difference(given, kept))
    return _result(given, lines, run) | {"form": form}


def _result(
    given: statement.Receipt, lines: list[Line], run: Run | None, places: Places = SITE
) -> dict[str, Any]:
    holds = checks.holds(lines)
    foreign = Line("key", "fails", "unknown") in lines
    return {
        # What fails comes first: it is what the reader came for.
        "lines": sorted(lines, key=lambda line: line.state != "fails"),
        "verdict": "holds" if holds else "foreign" if foreign else "fails",
        # Nothing is repeated of what nobody signed.
        "said": given.statement if holds else None,
        "code": given.code,
        "finished_at": statement.read_time(given.statement["times"]["finished_at"]),
        "run": run,
        "run_url": places.run(run) if run is not None else "",
        "version_url": places.version(run) if run is not None else "",
        "same_person": given.statement["author_is_operator"] if holds else False,
        **_links(),
    }


def _links() -> dict[str, Any]:
    return {"script_url": reverse("receipt_script") if SCRIPT.exists() else ""}


def _json(value: dict[str, Any]) -> HttpResponse:
    return JsonResponse(value, json_dumps_params={"indent": 2, "ensure_ascii": False})
