"""An entry as a case study, its versions, and two versions side by side."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from prompts_app import access, http
from prompts_app.http import Request
from prompts_app.llm.presets import PRESETS
from prompts_app.models import Entry, LLMModel, Run, TestCase, Version
from prompts_app.services import rendering, tryit
from prompts_app.services.comparison import compare
from prompts_app.services.evidence import Evidence, evidence_for
from prompts_app.templatetags.prompts import messages_filled
from prompts_app.transfer import snippets
from prompts_app.views import answers
from prompts_app.views.cards import tags_of

# Stands in copied code where the author names no model that a reader could call too.
_ANY_MODEL = "MODEL"
_ANY_ADDRESS = "https://api.openai.com/v1"
# A table of outputs longer than this says how many more there are.
_ROWS = 60
_SCRIPTS = ("copy.js", "tabs.js", "showall.js", "contents.js")


@require_safe
@http.kept
def entry_page(request: Request, handle: str, slug: str) -> HttpResponse:
    """The case study at the entry's published version."""
    viewer = http.viewer(request)
    entry = access.public_entry(handle, slug, viewer)
    version = _published(entry)
    history = list(entry.versions.defer("content"))
    evidence = _evidence(request, version, entry.baseline)
    html = _html(evidence, entry.use_case, version.content["context"])
    model = None if evidence.runs else next(iter(tryit.models_for(entry)), None)
    baseline = entry.baseline if _has_pair(entry) else None
    context = _version_context(entry, version, evidence, html) | {
        "own_draft": entry.visibility == Entry.Visibility.DRAFT,
        "own": entry.owner == viewer,
        "can_try": bool(evidence.runs or model),
        "use_case_html": html.get(entry.use_case, ""),
        "proof": answers.proof(evidence.figures, baseline.number if baseline else None),
        "pair": _pair(baseline, version, evidence, html) if baseline else None,
        "history": history,
        "copies": _copies(version, evidence.chosen, model or evidence.model),
    }
    return render(request, "entries/page.html", context)


@require_safe
@http.kept
def version_page(request: Request, handle: str, slug: str, number: int) -> HttpResponse:
    """One version with its outputs; of a withdrawn one, what is left: number and hash."""
    entry = access.public_entry(handle, slug, http.viewer(request))
    version = access.public_version(entry, number)
    history = list(entry.versions.defer("content"))
    position = next((i for i, one in enumerate(history) if one.pk == version.pk), 0)
    context: dict[str, Any] = _entry_context(entry) | {
        "version": version,
        "published": entry.published,
        "newer": history[position - 1] if position else None,
        "older": history[position + 1] if position + 1 < len(history) else None,
    }
    if version.withdrawn_at is None:
        evidence = _evidence(request, version, None)
        html = _html(evidence, version.content["context"])
        context |= _version_context(entry, version, evidence, html)
        context["copies"] = _copies(version, evidence.chosen, evidence.model)
    return render(request, "entries/version.html", context)


@require_safe
@http.kept
def compare_page(request: Request, handle: str, slug: str) -> HttpResponse:
    """What changed from one version to another; from the baseline to today's if none is named."""
    entry = access.public_entry(handle, slug, http.viewer(request))
    history = list(entry.versions.defer("content"))
    old_number = _number(request.GET.get("from"), entry.baseline)
    new_number = _number(request.GET.get("to"), entry.published)
    found = {one.number: one for one in entry.versions.filter(number__in=(old_number, new_number))}
    if old_number not in found or new_number not in found:
        raise Http404
    old, new = found[old_number], found[new_number]
    gone = [one for one in (old, new) if one.withdrawn_at]
    context = _entry_context(entry) | {
        "old": old,
        "new": new,
        "history": history,
        "gone": gone[0] if gone else None,
        "comparison": None if gone else compare(old.content, new.content),
    }
    return render(request, "entries/compare.html", context)


def _published(entry: Entry) -> Version:
    version = entry.published
    if version is None:
        raise Http404
    version.entry = entry
    return version


def _number(text: str | None, default: Version | None) -> int:
    if text is None:
        return default.number if default is not None else 0
    # isdecimal alone takes digits of every script, and int() takes any length.
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise Http404
    return int(text)


def _has_pair(entry: Entry) -> bool:
    baseline = entry.baseline
    return (
        baseline is not None and baseline.pk != entry.published_id and baseline.withdrawn_at is None
    )


def _evidence(request: Request, version: Version, baseline: Version | None) -> Evidence:
    return evidence_for(
        version,
        baseline,
        case_id=request.GET.get("case", ""),
        model=request.GET.get("model", ""),
    )


def _html(evidence: Evidence, *texts: str) -> dict[str, SafeString]:
    return rendering.html_of([*texts, *answers.texts_of(evidence.shown)])


def _entry_context(entry: Entry) -> dict[str, Any]:
    profile = entry.owner.profile
    return {
        "entry": entry,
        "profile": profile,
        "entry_url": reverse("entry", args=[profile.handle, entry.slug]),
        "profile_url": reverse("profile", args=[profile.handle]),
        "is_hidden": entry.visibility != Entry.Visibility.LISTED,
        "scripts": _SCRIPTS,
        "tags": tags_of(entry),
    }


def _version_context(
    entry: Entry, version: Version, evidence: Evidence, html: Mapping[str, SafeString]
) -> dict[str, Any]:
    """What the entry page and the page of a version share."""
    in_pair = {evidence.before, evidence.after}
    side_by_side = evidence.by_model
    if len(side_by_side) == 1 and side_by_side[0] in in_pair:
        # Already on the page, beside what came before.
        side_by_side = []
    return _entry_context(entry) | {
        "version": version,
        "content": version.content,
        "context_html": html.get(version.content["context"], ""),
        "evidence": evidence,
        "case": evidence.chosen,
        "cases": _case_links(evidence),
        "inputs": _inputs(version, evidence.chosen),
        "side_by_side": _answers(side_by_side, html),
        "without_case": _answers(evidence.without_case, html),
        "rows": [(run, answers.picture(run, small=True)) for run in evidence.runs[:_ROWS]],
        "rows_left": max(0, len(evidence.runs) - _ROWS),
    }


def _answers(runs: Iterable[Run], html: Mapping[str, SafeString]) -> list[dict[str, Any]]:
    return [answers.answer(run, html) for run in runs]


def _pair(
    baseline: Version, version: Version, evidence: Evidence, html: Mapping[str, SafeString]
) -> dict[str, Any]:
    """The two prompts, and what one model made of the same input with each."""
    before, after = evidence.before, evidence.after
    return {
        "baseline": baseline,
        "version": version,
        "before": answers.answer(before, html) if before else None,
        "after": answers.answer(after, html) if after else None,
        "model": after.model_asked if after else "",
        "models": [
            {
                "name": name,
                "query": _query(evidence.chosen, name),
                "current": after is not None and name == after.model_asked,
            }
            for name in dict.fromkeys(evidence.models)
        ],
    }


def _case_links(evidence: Evidence) -> list[dict[str, Any]]:
    return [
        {"case": case, "query": _query(case, ""), "current": case == evidence.chosen}
        for case in evidence.cases
    ]


def _query(case: TestCase | None, model: str) -> str:
    arguments = {"case": str(case.pk) if case else "", "model": model}
    return "?" + urlencode({name: value for name, value in arguments.items() if value})


def _inputs(version: Version, case: TestCase | None) -> list[tuple[str, str]]:
    """The chosen case's values under the labels of the version's variables."""
    if case is None:
        return []
    labels = {one["name"]: one["label"] or one["name"] for one in version.content["variables"]}
    return [(labels[name], case.values[name]) for name in labels if case.values.get(name)]


def _copies(version: Version, case: TestCase | None, model: LLMModel | None) -> dict[str, str]:
    """The prompt as text and as code, with the chosen case's values where there is one."""
    sent = messages_filled(version.content, case.values if case else {}, keep_empty=True)
    filled = version.content | {
        "messages": [
            {"role": one["role"], "content": "".join(piece.text for piece in one["pieces"])}
            for one in sent
        ]
    }
    name, address = _ANY_MODEL, _ANY_ADDRESS
    # Only well-known addresses: an author's own may be a private one.
    if model is not None and model.provider.base_url in {one.base_url for one in PRESETS}:
        name, address = model.name, model.provider.base_url
    messages = version.content["messages"]
    return {
        "text": messages[0]["content"]
        if len(messages) == 1
        else "\n\n".join(f"{one['role']}:\n{one['content']}" for one in messages),
        "python": snippets.python_snippet(filled, name, address),
        "curl": snippets.curl_snippet(filled, name, address),
        "json": snippets.json_snippet(filled, name),
    }
