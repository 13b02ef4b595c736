"""An entry as a case study, and one version of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Case, F, JSONField, When
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
from prompts_app.models.versions import MAX_NUMBER
from prompts_app.services import claims, rendering, tryit
from prompts_app.services.evidence import Evidence, evidence_for, totals_kept, totals_of
from prompts_app.services.groups import Group
from prompts_app.services.matrix import measured_against
from prompts_app.services.second_language import told
from prompts_app.templatetags.prompts import messages_filled
from prompts_app.transfer import snippets
from prompts_app.views import answers
from prompts_app.views import evidence_table as table
from prompts_app.views.cards import tags_of
from prompts_app.views.evidence_words import counted
from prompts_app.views.places import SITE, Places
from prompts_app.views.prompt_files import files_of
from prompts_app.views.verdicts import standings_of

# Stands in copied code where the author names no model that a reader could call too.
_ANY_MODEL = "MODEL"
_ANY_ADDRESS = "https://api.openai.com/v1"
# A table of outputs is no longer than this; all of them stand with the evidence.
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
    baseline = measured_against(version, entry.baseline)
    context = case_study(request, version, history, totals_kept(entry))
    evidence = context["evidence"]
    model = None if evidence.runs else next(iter(tryit.models_for(entry)), None)
    context |= {
        "own_draft": not entry.is_public,
        "own": entry.owner == viewer,
        "can_try": bool(evidence.runs or model),
        "proof": claims.figures(entry.proof, baseline),
        "about": _about(entry, claims.sentence(entry.proof, baseline)),
        "history": history,
        "copies": copies_of(version, evidence.chosen, model or evidence.model),
        "prompt_files": files_of(entry, version, context["promptfoo_url"]),
    }
    return render(request, "entries/page.html", context)


@require_safe
@http.kept
def version_page(request: Request, handle: str, slug: str, number: int) -> HttpResponse:
    """One version with its outputs; of a withdrawn one, what is left: number and hash."""
    entry = access.public_entry(handle, slug, http.viewer(request))
    history = history_with(entry, number)
    position = next((i for i, one in enumerate(history) if one.number == number), None)
    if position is None:
        raise Http404
    version = history[position]
    context: dict[str, Any] = entry_context(entry) | {
        "version": version,
        "published": entry.published,
        "newer": history[position - 1] if position else None,
        "older": history[position + 1] if position + 1 < len(history) else None,
        "about": version.change_note or told(entry.summary, entry),
    }
    if version.withdrawn_at is None:
        evidence = _evidence(request, version, None, history)
        html = _html(evidence, told(version.content["context"], entry))
        totals = totals_of(version)
        context |= _version_context(entry, version, evidence, html, totals, history)
        context["proof"] = claims.figures(claims.of_group(totals), None)
        context["copies"] = copies_of(version, evidence.chosen, evidence.model)
        context["prompt_files"] = files_of(entry, version, context["promptfoo_url"])
    return render(request, "entries/version.html", context)


def case_study(
    request: Request,
    version: Version,
    history: Sequence[Version],
    totals: Group | None,
    places: Places = SITE,
) -> dict[str, Any]:
    """Return what the case study of an entry at `version` shows, whoever reads it.

    `history` holds every version, `totals` is what the counted runs of this one come to, and
    `places` says where its parts lead.
    """
    entry = version.entry
    baseline = measured_against(version, entry.baseline)
    evidence = _evidence(request, version, baseline, history)
    html = _html(evidence, told(entry.use_case, entry), told(version.content["context"], entry))
    context = _version_context(entry, version, evidence, html, totals, history, places)
    return context | {
        "use_case_html": html.get(told(entry.use_case, entry), ""),
        "pair": _pair(baseline, version, evidence, html, places) if baseline else None,
    }


def _about(entry: Entry, claim: str) -> str:
    """What a link to the entry says where it is shared."""
    return " ".join(
        filter(None, [told(entry.summary or entry.title, entry), claim and f"{claim}."])
    )


def history_with(entry: Entry, *numbers: int) -> Sequence[Version]:
    """Return every version of an entry, newest first; those of `numbers` with their content.

    Makes one query.
    """
    numbers = tuple(number for number in numbers if number <= MAX_NUMBER)
    content = Case(When(number__in=numbers, then=F("content")), output_field=JSONField())
    history = list(entry.versions.defer("content").annotate(wanted=content))
    for version in history:
        version.entry = entry
        if version.number in numbers:
            version.content = version.wanted
    return history


def _published(entry: Entry) -> Version:
    version = entry.published
    if version is None:
        raise Http404
    version.entry = entry
    return version


def _evidence(
    request: Request, version: Version, baseline: Version | None, history: Sequence[Version]
) -> Evidence:
    return evidence_for(
        version,
        baseline,
        history,
        case_id=request.GET.get("case", ""),
        model=request.GET.get("model", ""),
    )


def _html(evidence: Evidence, *texts: str) -> dict[str, SafeString]:
    return rendering.html_of([*texts, *answers.texts_of(evidence.shown)])


def entry_context(entry: Entry) -> dict[str, Any]:
    """What every page of an entry needs."""
    profile = entry.owner.profile
    return {
        "entry": entry,
        "profile": profile,
        "entry_url": reverse("entry", args=[profile.handle, entry.slug]),
        "profile_url": reverse("profile", args=[profile.handle]),
        "is_hidden": entry.visibility != Entry.Visibility.LISTED or not profile.is_indexed,
        "scripts": _SCRIPTS,
        "tags": tags_of(entry),
    }


def _version_context(
    entry: Entry,
    version: Version,
    evidence: Evidence,
    html: Mapping[str, SafeString],
    totals: Group | None,
    history: Sequence[Version],
    places: Places = SITE,
) -> dict[str, Any]:
    """What the entry page and the page of a version share."""
    in_pair = {evidence.before, evidence.after}
    side_by_side = evidence.by_model
    if len(side_by_side) == 1 and side_by_side[0] in in_pair:
        # Already on the page, beside what came before.
        side_by_side = []
    evidence_url = reverse("evidence", args=[entry.owner.profile.handle, entry.slug])
    query = "" if version.pk == entry.published_id else f"version={version.number}&"
    return entry_context(entry) | {
        "version": version,
        "content": version.content,
        "context_html": html.get(told(version.content["context"], entry), ""),
        "evidence": evidence,
        "case": evidence.chosen,
        "cases": _case_links(evidence),
        "inputs": inputs_of(version, evidence.chosen),
        "evidence_url": f"{evidence_url}?{query}".rstrip("?&"),
        "promptfoo_url": _promptfoo_url(entry, version, query),
        "models_url": _models_url(entry, evidence, query),
        "totals": totals,
        "totals_said": counted(totals, version, history) if totals else [],
        "constraints": standings_of(version.content, totals, f"{evidence_url}?{query}constraint="),
        "side_by_side": _answers(side_by_side, html, version, places),
        "without_case": _answers(evidence.without_case, html, version, places),
        "rows": [
            (run, places.run(run), answers.picture(run, small=True, places=places))
            for run in evidence.runs[:_ROWS]
        ],
        "more_rows": len(evidence.runs) > _ROWS,
    }


def _promptfoo_url(entry: Entry, version: Version, query: str) -> str:
    """Where the tests are as a file for the reader's own key; it knows texts only."""
    if version.content["kind"] != Entry.Kind.TEXT:
        return ""
    url = reverse("evidence_promptfoo", args=[entry.owner.profile.handle, entry.slug])
    return f"{url}?{query}".rstrip("?&")


def _models_url(entry: Entry, evidence: Evidence, query: str) -> str:
    """Where the answers of two models to the chosen case are compared; "" without two."""
    captured = [run for run in evidence.by_model if run.origin == Run.Origin.CAPTURED]
    if evidence.chosen is None or len(captured) < 2:
        return ""
    url = reverse("evidence_answers", args=[entry.owner.profile.handle, entry.slug])
    first, second = (run.model_asked for run in captured[:2])
    wanted = {"case": str(evidence.chosen.pk), "model": first, "with": second}
    return f"{url}?{query}{urlencode(wanted)}"


def _answers(
    runs: Iterable[Run], html: Mapping[str, SafeString], version: Version, places: Places
) -> list[dict[str, Any]]:
    return [answers.answer(run, html, judged_by=version, places=places) for run in runs]


def _pair(
    baseline: Version,
    version: Version,
    evidence: Evidence,
    html: Mapping[str, SafeString],
    places: Places,
) -> dict[str, Any]:
    """The two prompts, and what one model made of the same input with each.

    Both answers are measured by the same constraints, those of the version shown.
    """
    before, after = evidence.before, evidence.after
    case = evidence.chosen.pk if evidence.chosen else None
    sides = [
        answers.answer(run, html, judged_by=version, places=places) if run else None
        for run in (before, after)
    ]
    return {
        "baseline": baseline,
        "one_liner": claims.is_one_liner(baseline),
        "version": version,
        "before": sides[0],
        "after": sides[1],
        "model": after.model_asked if after else "",
        "models": [
            {
                "name": name,
                "query": table.query(case=case, model=name),
                "current": after is not None and name == after.model_asked,
            }
            for name in dict.fromkeys(evidence.models)
        ],
    }


def _case_links(evidence: Evidence) -> list[dict[str, Any]]:
    return [
        {"case": case, "query": table.query(case=case.pk), "current": case == evidence.chosen}
        for case in evidence.cases
    ]


def inputs_of(version: Version, case: TestCase | None) -> list[tuple[str, str]]:
    """Return a case's values under the labels of the version's variables."""
    if case is None:
        return []
    labels = {one["name"]: one["label"] or one["name"] for one in version.content["variables"]}
    return [(labels[name], case.values[name]) for name in labels if case.values.get(name)]


def copies_of(version: Version, case: TestCase | None, model: LLMModel | None) -> dict[str, str]:
    """Return the prompt as text and as code, with the chosen case's values where there is one."""
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
