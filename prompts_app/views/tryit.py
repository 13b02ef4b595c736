"""The try-it page: a visitor runs a prompt on an input of their own, alone or side by side."""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db import IntegrityError
from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from prompts_app import access, access_shares, http
from prompts_app.forms import focus
from prompts_app.http import Request
from prompts_app.models import ShareLink, Try, Version
from prompts_app.services import judging, limits, tries, tryit, visitors, visits
from prompts_app.services.calls import Admitted
from prompts_app.services.patience import AWAY
from prompts_app.services.rules import rules_of
from prompts_app.templatetags.sentences import error_sentence
from prompts_app.views import errors, share_counting, try_streams
from prompts_app.views.share_door import language_of, shared
from prompts_app.views.try_page import Opened, context, opened

P = ParamSpec("P")
log = logging.getLogger("promptfolio.tries")

# Seconds after which a database that was away may be back.
RETRY_DATABASE = 10


def _through_outages(
    view: Callable[Concatenate[Request, P], HttpResponseBase],
) -> Callable[Concatenate[Request, P], HttpResponseBase]:
    """Answer 503 while the database is away."""

    @wraps(view)
    def wrapper(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except AWAY as error:
            log.error("the database is away: %s", error)
            return _database_away(request)

    return wrapper


@never_cache
@require_http_methods(["GET", "POST"])
@_through_outages
def try_entry(request: Request, handle: str, slug: str) -> HttpResponse:
    """The form, and the try itself: only a POST with the form's one-time id ever runs anything."""
    entry = access.entry_to_try(handle, slug, http.viewer(request))
    assert entry.published is not None
    entry.published.entry = entry
    return _try(request, entry.published, None)


@never_cache
@require_http_methods(["GET", "POST"])
@_through_outages
@shared
def share_try(request: Request, link: ShareLink, slug: str) -> HttpResponse:
    """The same through a share link: the version it shows, its own allowance and budget."""
    return _try(request, access_shares.shared_entry(link, slug).version, link)


def _database_away(request: Request) -> HttpResponse:
    """503: nothing was run and nothing spent; in the form in which the answer was asked for."""
    if not (http.wants_stream(request) or _wants_json(request)):
        return errors.unavailable(request)
    data = {
        "code": "database",
        "message": error_sentence("database"),
        "retry_after": RETRY_DATABASE,
    }
    return JsonResponse(data, status=503, headers={"Retry-After": str(RETRY_DATABASE)})


def _try(request: Request, version: Version, link: ShareLink | None) -> HttpResponse:
    if request.method == "POST":
        page = opened(version, request.POST.get("case", ""), request.POST, link=link)
        response = _run(request, page)
    else:
        copied, new = http.copy_of(request) is not None, {"attempt": uuid.uuid4()}
        page = opened(version, request.GET.get("case"), initial=new, link=link, copied=copied)
        response = render(request, "tryit/page.html", context(request, page))
    if rules_of(version.content):
        judging.warm_soon()
    return response


def _run(request: Request, page: Opened) -> HttpResponse:
    if not all((page.form.is_valid(), page.values.is_valid())):
        focus.on_first_error(page.values, page.form)
        return render(request, "tryit/page.html", context(request, page), status=422)
    group = page.form.cleaned_data["attempt"]
    columns = [tryit.Column(*one) for one in page.form.columns(page.version)]
    visitor = visitors.visitor_of(http.client_address(request))
    try:
        if not columns:
            code = page.closed or "closed"
            limits.count_refusal(page.entry, code)
            raise limits.Refused(code)
        admitted = tryit.admit(group, columns, page.values.values(), visitor, page.link)
    except (limits.Refused, IntegrityError) as error:
        # Asked only now: nearly every id is new, and its visitor is waiting.
        kept = tries.kept_group(group, page.entry, page.link)
        if kept:
            return _already(request, kept)
        if isinstance(error, limits.Refused):
            _note_refusal(request, page.link, error)
            return _refusal(request, page, error)
        raise Http404 from error
    if page.link is not None and share_counting.is_counted(request, page.link):
        visits.note_try(page.link)
    if len(admitted) > 1:
        if _wants_json(request) or http.wants_stream(request):
            return _columns([one.attempt for one in admitted])
        admitted = _begun(admitted)
    return _handed_over(request, group, admitted)


@never_cache
@require_POST
@_through_outages
def run_column(request: Request, trial_id: uuid.UUID) -> HttpResponse:
    """Begin one column of a group, once; whoever asks again is shown what is kept of it."""
    attempt = access.visitors_try(trial_id)
    with language_of(request, attempt.link):
        return _run_column(request, attempt)


def _run_column(request: Request, attempt: Try) -> HttpResponse:
    try:
        admitted = tryit.start(attempt.pk)
    except tryit.NotWaiting:
        return _already(request, [access.visitors_try(attempt.pk)])
    except limits.Refused as refusal:
        _note_refusal(request, attempt.link, refusal)
        retry_after = _seconds_until(refusal.until)
        events = (
            try_streams.start(attempt),
            try_streams.told(refusal.code, retry_after=retry_after),
        )
        return http.event_stream(b"".join(http.event_frame(*event) for event in events))
    judging.warm_soon()
    return _handed_over(request, attempt.group, [admitted])


def _begun(admitted: Sequence[Admitted[Try]]) -> list[Admitted[Try]]:
    """Begin every column here and now; one that may not run any more has said so in its row."""
    begun = []
    for one in admitted:
        try:
            begun.append(tryit.start(one.attempt.pk))
        except (limits.Refused, tryit.NotWaiting):
            continue
    return begun


def _handed_over(
    request: Request, group: uuid.UUID, admitted: Sequence[Admitted[Try]]
) -> HttpResponse:
    """Answer with the stream of the one try; or run all to their end, then lead to their page."""
    for one in admitted:
        tryit.handover.put(one)
    response: HttpResponse
    if http.wants_stream(request):
        response = http.event_stream()
    else:
        response = http.SeeOther(reverse("trial", args=[group]))
    if admitted:
        response[http.STREAM_HEADER] = try_streams.handed_over([one.attempt.pk for one in admitted])
    return response


def _columns(attempts: Sequence[Try]) -> HttpResponse:
    """Tell where each column is begun."""
    columns = [
        {
            "try": str(attempt.pk),
            "model": attempt.model_asked,
            "version": attempt.version.number,
            "url": reverse("trial_run", args=[attempt.pk]),
        }
        for attempt in attempts
    ]
    return JsonResponse({"columns": columns})


def _already(request: Request, kept: Sequence[Try]) -> HttpResponse:
    """Answer a one-time id that has run: what was kept, without spending anything."""
    if http.wants_stream(request):
        return http.event_stream(try_streams.kept(kept[0]))
    if _wants_json(request):
        # The first reply never arrived; those that wait can still be begun, once each.
        return _columns(kept)
    return http.SeeOther(reverse("trial", args=[kept[0].group]))


def _note_refusal(request: Request, link: ShareLink | None, refusal: limits.Refused) -> None:
    """Count it for the author of a share link, of visitors who want to be counted."""
    if link is not None and share_counting.is_counted(request, link):
        visits.note_refusal(link, refusal.code)


def _refusal(request: Request, page: Opened, refusal: limits.Refused) -> HttpResponse:
    status = 429 if refusal.until else 409
    seconds = _seconds_until(refusal.until)
    response: HttpResponse
    if http.wants_stream(request) or _wants_json(request):
        _event, data = try_streams.told(refusal.code, retry_after=seconds)
        response = JsonResponse(data, status=status)
    else:
        shown = context(request, page) | {"refusal": refusal, "show_recorded": True}
        response = render(request, "tryit/page.html", shown, status=status)
    if seconds is not None:
        response["Retry-After"] = str(seconds)
    return response


def _seconds_until(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return max(1, round((moment - timezone.now()).total_seconds()))


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")
