"""Runs as pages show them: the answer with its label, and figures as short phrases."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prompts_app.models import Run
from prompts_app.services.evidence import MAX_RUNS, Figures
from prompts_app.templatetags.figures import duration, microusd, percent, tokens
from prompts_app.templatetags.prompts import picture_small_url, picture_url


def is_data(output: str) -> bool:
    """Say whether an output is JSON: it is shown as it came, where Markdown would reflow it."""
    if not output.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(output)
    except (ValueError, RecursionError):
        return False
    return True


def data_html(output: str) -> SafeString:
    """Return JSON as it came, in the type of code."""
    return format_html('<pre tabindex="0"><code>{}</code></pre>', output)


def output_html(output: str, html: Mapping[str, SafeString]) -> SafeString:
    """Return an output as it is shown; `html` holds it rendered, unless it is JSON."""
    return data_html(output) if is_data(output) else html.get(output, SafeString())


def texts_of(runs: Iterable[Run]) -> list[str]:
    """Return the outputs that are shown as Markdown."""
    return [run.output for run in runs if not run.picture_id and not is_data(run.output)]


def answer(run: Run, html: Mapping[str, SafeString], *, small: bool = False) -> dict[str, Any]:
    """Return what entries/_answer.html shows of a run; `html` holds its output as HTML."""
    return {
        "origin": run.origin,
        "model": run.model_asked,
        "when": run.created_at,
        "demo": run.is_demo,
        "html": output_html(run.output, html),
        "text": run.output,
        "picture": picture(run, small=small),
        "figures": figures_of(run),
        "url": reverse("run", args=[run.pk]),
    }


def picture(run: Run, *, small: bool = False) -> dict[str, Any] | None:
    """Return a run's picture with its size and a text that stands for it."""
    if run.picture is None:
        return None
    if run.model_asked:
        alt = _("Picture made by %(model)s") % {"model": run.model_asked}
    else:
        alt = _("Picture made with this prompt")
    if run.case is not None and run.case.withdrawn_at is None:
        alt = f"{alt}: {run.case.name}"
    return {
        "url": picture_small_url(run.picture) if small else picture_url(run.picture),
        "width": run.picture.small_width if small else run.picture.width,
        "height": run.picture.small_height if small else run.picture.height,
        "alt": alt,
    }


def figures_of(run: Run) -> list[str]:
    """Return time, tokens and cost of a run as short phrases; unknown ones are left out."""
    counted = None
    if run.prompt_tokens is not None and run.completion_tokens is not None:
        counted = run.prompt_tokens + run.completion_tokens
    return [
        phrase
        for phrase in (duration(run.latency_ms), tokens(counted), microusd(run.cost))
        if phrase
    ]


def proof(figures: Figures | None, baseline: int | None = None) -> list[dict[str, str]]:
    """Return figures as [{strong, rest}] for the line under the claim; [] without runs."""
    if figures is None:
        return []
    shown = [
        {"strong": _number(figures.runs), "rest": _runs_word(figures)},
        {
            "strong": number_format(figures.models),
            "rest": ngettext("model", "models", figures.models),
        },
    ]
    if figures.tokens_change is not None and baseline is not None:
        strong = percent(figures.tokens_change)
        if round(abs(figures.tokens_change) * 100) == 0:
            strong, change = _("as many"), _("tokens as version %(number)s")
        elif figures.tokens_change < 0:
            change = _("fewer tokens than version %(number)s")
        else:
            change = _("more tokens than version %(number)s")
        shown.append({"strong": strong, "rest": change % {"number": baseline}})
    # How fast scripted rules are says nothing about any model.
    if figures.median_ms is not None and not figures.demo:
        shown.append({"strong": duration(figures.median_ms), "rest": _("median time")})
    return shown


def proof_phrases(figures: Figures | None) -> list[str]:
    """Return the same for cards, in one line: "12 runs captured here", "2 models"."""
    return [f"{one['strong']} {one['rest']}" for one in proof(figures)]


def _number(runs: int) -> str:
    return f"{number_format(MAX_RUNS)}+" if runs >= MAX_RUNS else number_format(runs)


def _runs_word(figures: Figures) -> str:
    if figures.demo:
        return ngettext("run of the demo model", "runs of the demo model", figures.runs)
    return ngettext("run captured here", "runs captured here", figures.runs)
