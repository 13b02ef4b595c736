"""What the try page shows: the form, what it may be compared with, and what a try would meet."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from prompts_app import http
from prompts_app.forms.tryit import TryForm
from prompts_app.forms.values import ValuesForm
from prompts_app.http import Request
from prompts_app.models import Entry, LLMModel, Run, ShareLink, TestCase, Version
from prompts_app.services import limits, providers, rendering, tryit, visitors
from prompts_app.services.cases import live_cases, values_for
from prompts_app.services.scopes import Stated
from prompts_app.views.answers import answer, texts_of
from prompts_app.views.tried import title_of
from prompts_app.views.verdicts import hide_rules

EXAMPLES = 3


@dataclass(slots=True)
class Opened:
    """An entry opened to be tried: the version shown, what visitors may use, and the forms.

    `link` is the share link it was opened through, None on the public page; `closed` the code of
    why that lets nobody try (limits.Refused), "" where it does. `named` is the id of the example
    that is chosen, "" where visitors write a text of their own, None before they have said;
    `cases` are the entry's, of which the first are examples, None where nothing asked for them.
    """

    entry: Entry
    version: Version
    link: ShareLink | None
    closed: str
    baseline: Version | None
    models: list[LLMModel]
    named: str | None
    cases: list[TestCase] | None
    values: ValuesForm
    form: TryForm


def opened(
    version: Version,
    named: str | None,
    data: Any = None,
    initial: dict[str, Any] | None = None,
    link: ShareLink | None = None,
    *,
    copied: bool = False,
) -> Opened:
    """Open a version that access has found, its entry with it; `data` is what was posted, if so.

    Where nobody has named an example yet, the form holds the first one, ready to be run.
    `copied`: for a copy of the page, which can run nothing.
    """
    entry, closed = version.entry, "copied" if copied else tryit.closed_by(link)
    models = [] if closed else tryit.models_for(entry, version.content["kind"])
    baseline = tryit.baseline_for(version)
    # Nothing of a text that was posted comes from a case: whoever presses Run waits for no query.
    cases = live_cases(entry) if data is None else None
    case = _chosen(cases or (), named)
    values = ValuesForm(version.content, data, initial=case.values if case else None)
    name = title_of(baseline, baseline) if baseline is not None else ""
    form = TryForm(models, data, initial, baseline=baseline, baseline_name=name)
    return Opened(entry, version, link, closed, baseline, models, named, cases, values, form)


def _chosen(cases: Sequence[TestCase], named: str | None) -> TestCase | None:
    """The case of that id, however it is written; the first one where none was named."""
    if named is None:
        return cases[0] if cases else None
    try:
        wanted = uuid.UUID(named)
    except ValueError:
        return None
    return next((case for case in cases if case.pk == wanted), None)


def context(request: Request, page: Opened) -> dict[str, Any]:
    """Return the context of tryit/page.html."""
    entry, version, link = page.entry, page.version, page.link
    visitor = visitors.visitor_of(http.client_address(request))
    stated = limits.statement(entry, visitor, page.models, link)
    cases = live_cases(entry) if page.cases is None else page.cases
    case = _chosen(cases, page.named)
    if not page.form.is_bound:
        page.form.initial["compare"] = _best(page, case, stated)
    recorded = tryit.recorded_answers(version, cases)
    bodies = rendering.html_of(texts_of(recorded))
    columns = _columns(page)
    examples = cases[:EXAMPLES]
    if case is not None and case not in examples:
        # What a page that led here shows has a place, too.
        examples = [case, *examples[: EXAMPLES - 1]]
    real = [model for model in page.models if not model.provider.is_demo]
    return {
        "entry": entry,
        "version": version,
        "profile": entry.owner.profile,
        "link": link,
        "closed": page.closed,
        "addresses": addresses_of(entry, request.share_token if link else None),
        "models": page.models,
        "form": page.form,
        "values_form": page.values,
        "case": case,
        "examples": examples,
        "case_data": {
            # Of no example: what the form holds of itself, for a text of one's own.
            "": values_for(version, None),
            **{str(one.pk): one.values for one in examples},
        },
        "main_name": title_of(version, page.baseline),
        "baseline_name": title_of(page.baseline, page.baseline) if page.baseline else "",
        "columns": columns,
        "column_count": sum(column["shown"] for column in columns) or 1,
        "model_data": {
            str(model.pk): {
                "name": page.form.names[str(model.pk)],
                "demo": model.provider.is_demo,
            }
            for model in page.models
        },
        "hosts": sorted({providers.host_of(model.provider.base_url) for model in real}),
        "is_demo": len(real) < len(page.models),
        "stated": [one for one in stated if one.is_tight or _is_own(one)],
        "recorded": [(run, _recorded(request, page, run, bodies)) for run in recorded],
        "show_recorded": not page.models,
    }


def addresses_of(entry: Entry, token: str | None) -> dict[str, str]:
    """Return where an entry is tried and, on the public pages, what leads there.

    With `token` all of it is under that of a share link.
    """
    if token is not None:
        return {"token": token, "try": reverse("share_try", args=[token, entry.slug])}
    handle = entry.owner.profile.handle
    return {
        "try": reverse("try", args=[handle, entry.slug]),
        "profile": reverse("profile", args=[handle]),
        "entry": reverse("entry", args=[handle, entry.slug]),
    }


def _recorded(
    request: Request, page: Opened, run: Run, bodies: Mapping[str, SafeString]
) -> dict[str, Any]:
    """Return a recorded answer; through a link without what leads to public pages."""
    shown = answer(run, bodies, judged_by=page.version)
    if page.link is None:
        return shown
    shown |= {"receipt": "", "url": reverse("share_run", args=[request.share_token, run.pk])}
    if run.picture is not None:
        suffix = shown["picture"]["url"].rpartition(".")[2]
        shown["picture"]["url"] = reverse(
            "share_picture", args=[request.share_token, run.picture.pk, suffix]
        )
    if not page.link.shows_prompts:
        hide_rules(shown["constraints"])
    return shown


def _best(page: Opened, case: TestCase | None, stated: Sequence[Stated]) -> str:
    """The baseline beside it, where there is one and today's money covers both."""
    if page.baseline is None or page.form.baseline is None:
        return TryForm.NOTHING
    values = values_for(page.version, case)
    columns = [tryit.Column(version, page.models[0]) for version in (page.version, page.baseline)]
    left = [one.left for one in stated if one.kind == "money"]
    bound = tryit.bound_of(columns, values)
    if bound is None or (left and bound > min(left)):
        return TryForm.NOTHING
    return TryForm.BASELINE


def _columns(page: Opened) -> list[dict[str, Any]]:
    """The places for answers, as many as there can be; those the form asks for are shown.

    A script names them anew as the form changes.
    """
    if not page.models:
        return []
    form = page.form
    main, model = title_of(page.version, page.baseline), page.models[0]
    beside = form["compare"].value() == TryForm.BASELINE and page.baseline is not None
    titles = [main] * form.most_columns
    if beside and page.baseline is not None:
        titles[1] = title_of(page.baseline, page.baseline)
    return [
        {
            "at": at,
            "title": title,
            "model": form.names[str(model.pk)],
            "demo": model.provider.is_demo,
            "shown": at == 0 or (at == 1 and beside),
        }
        for at, title in enumerate(titles)
    ]


def _is_own(stated: Stated) -> bool:
    return (stated.scope, stated.kind) in (("visitor", "day"), ("link", "in_all"))
