"""What whoever holds a share link sees: its page, its entries, runs and receipts."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from prompts_app import access_shares
from prompts_app.http import Request
from prompts_app.models import ShareLink
from prompts_app.services import claims, rendering, share_page
from prompts_app.services.evidence import totals_of
from prompts_app.services.receipts import author_is_operator
from prompts_app.services.receipts import code_of as receipt_code
from prompts_app.services.share_page import Pair, Summary
from prompts_app.views import answers, entries, receipts, runs, share_words
from prompts_app.views.places import Places, SharedPlaces
from prompts_app.views.share_door import shared
from prompts_app.views.skills import skills_shown
from prompts_app.views.verdicts import hide_rules

# So many stand on the first screen, and so many cases that fail with each entry.
FIRST = 3
MOST_FAILURES = 5


@shared
@require_safe
def page(request: Request, link: ShareLink) -> HttpResponse:
    """The page made for ninety seconds: who, why, what works, and a button to run it."""
    found = share_page.summaries(link)
    profile = link.owner.profile
    places = SharedPlaces(link, request.share_token)
    pairs = [one.pair for one in found if one.pair is not None]
    shown = [run for pair in pairs for run in (pair.before, pair.after)]
    html = rendering.html_of([link.note, profile.bio, *answers.texts_of(shown)])
    context = _context(request, link) | {
        "note_html": html.get(link.note, ""),
        "bio_html": html.get(profile.bio, ""),
        "avatar_url": places.small_picture(profile.avatar),
        "skills": skills_shown(profile, [one.shown.entry for one in found], places.entry),
        "items": [_item(link, one, html, places) for one in found],
        "first": FIRST,
    }
    return render(request, "share/page.html", context)


@shared
@require_safe
def entry_page(request: Request, link: ShareLink, slug: str) -> HttpResponse:
    """The case study of one entry of the link, at the version it shows."""
    shown = access_shares.shared_entry(link, slug)
    version = shown.version
    totals = totals_of(version)
    history = list(shown.entry.versions.defer("content"))
    places = SharedPlaces(link, request.share_token)
    context = entries.case_study(request, version, history, totals, places)
    for one in context["constraints"]:
        one["url"] = ""
    if not link.shows_prompts:
        _hide_rules(context)
    context |= _context(request, link) | {
        "item": shown.item,
        "result": share_words.result(totals),
        "figures": share_words.figures(totals),
        "can_run": share_page.can_run(link, shown),
        "prompts_hidden": not link.shows_prompts,
        "copies": entries.copies_of(version, context["case"], context["evidence"].model)
        if link.shows_prompts
        else {},
        # These lead into the rest of the site.
        **dict.fromkeys(("evidence_url", "promptfoo_url", "models_url"), ""),
    }
    return render(request, "share/entry.html", context)


@shared
@require_safe
def run_page(request: Request, link: ShareLink, run_id: uuid.UUID) -> HttpResponse:
    """A run of what the link shows; what was sent for it only where prompts are shown."""
    run, shown = access_shares.shared_run(link, run_id)
    places = SharedPlaces(link, request.share_token)
    receipt = receipts.receipt_of(run) if link.shows_prompts else None
    context = runs.run_context(run, runs.by_the_rules_of(shown.version, run), places)
    if not link.shows_prompts:
        for one in context["judgements"]:
            hide_rules(one["constraints"])
        context["messages_sent"] = []
    context |= _context(request, link) | {
        "entry": shown.entry,
        "receipt_code": receipt_code(receipt) if receipt else "",
        "receipt_url": places.receipt(run) if receipt else "",
        "same_person": author_is_operator(run),
    }
    return render(request, "share/run.html", context)


@shared
@require_safe
def receipt_check(request: Request, link: ShareLink, run_id: uuid.UUID) -> HttpResponse:
    """What holds of a run's receipt, line by line."""
    run, shown = access_shares.shared_receipt(link, run_id)
    places = SharedPlaces(link, request.share_token)
    context = receipts.own_check(run, places) | _context(request, link)
    context |= {"entry": shown.entry, "entry_url": places.entry(shown.entry.slug)}
    return render(request, "share/receipt.html", context)


@shared
@require_safe
def receipt_file(request: Request, link: ShareLink, run_id: uuid.UUID) -> HttpResponse:
    """The receipt of a run, as JSON."""
    run, _shown = access_shares.shared_receipt(link, run_id)
    return receipts.as_file(run)


def _context(request: Request, link: ShareLink) -> dict[str, Any]:
    """What every page of a link needs."""
    return {"link": link, "token": request.share_token, "profile": link.owner.profile}


def _item(
    link: ShareLink, one: Summary, html: Mapping[str, SafeString], places: Places
) -> dict[str, Any]:
    failures = [share_words.failure(failure) for failure in one.failures]
    return {
        "entry": one.shown.entry,
        "version": one.shown.version,
        "sentence": one.shown.item.sentence,
        "result": share_words.result(one.group),
        "demo": one.group is not None and one.group.demo,
        "figures": share_words.figures(one.group),
        "can_run": one.can_run,
        "failures": failures[:MOST_FAILURES],
        "more_failures": len(failures[MOST_FAILURES:]),
        "pair": _pair(link, one, one.pair, html, places) if one.pair else None,
    }


def _pair(
    link: ShareLink,
    one: Summary,
    pair: Pair,
    html: Mapping[str, SafeString],
    places: Places,
) -> dict[str, Any]:
    version = one.shown.version
    before, after = (
        answers.answer(run, html, judged_by=version, places=places)
        for run in (pair.before, pair.after)
    )
    if not link.shows_prompts:
        for side in (before, after):
            hide_rules(side["constraints"])
    return {
        "case": pair.case,
        "model": pair.after.model_asked,
        "one_liner": claims.is_one_liner(one.baseline),
        "before": before,
        "after": after,
    }


def _hide_rules(context: Mapping[str, Any]) -> None:
    hide_rules(context["constraints"])
    pair = context["pair"] or {}
    sides = filter(None, (pair.get("before"), pair.get("after")))
    for answer in (*context["side_by_side"], *context["without_case"], *sides):
        hide_rules(answer["constraints"])
