"""Runs as pages show them: the answer with its rank, what rules found in it, and figures."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from prompts_app.models import Run, Version
from prompts_app.services import rendering
from prompts_app.templatetags.figures import duration, microusd, tokens
from prompts_app.views.places import SITE, Places
from prompts_app.views.verdicts import constraints_of


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


def html_of_output(output: str) -> SafeString | str:
    """Return an output that is kept nowhere as HTML, as it is shown; "" for none."""
    if not output:
        return ""
    return data_html(output) if is_data(output) else rendering.html_once(output)


def texts_of(runs: Iterable[Run]) -> list[str]:
    """Return the outputs that are shown as Markdown."""
    return [run.output for run in runs if not run.picture_id and not is_data(run.output)]


def answer(
    run: Run,
    html: Mapping[str, SafeString],
    *,
    small: bool = False,
    judged_by: Version | None = None,
    places: Places = SITE,
) -> dict[str, Any]:
    """Return what entries/_answer.html shows of a run; `html` holds its output as HTML.

    With `judged_by` also the constraints of that version with what was found, and the number of
    the version it was captured for where that is another one that sends the same words. The
    receipt is offered where `run` comes from services/evidence.with_receipts.
    """
    other = judged_by is not None and judged_by.pk != run.version_id
    return {
        "origin": run.origin,
        "receipt": places.receipt(run) if getattr(run, "has_receipt", False) else "",
        "model": run.model_asked,
        "when": run.created_at,
        "demo": run.is_demo,
        "html": output_html(run.output, html),
        "text": run.output,
        "picture": picture(run, small=small, places=places),
        "figures": figures_of(run),
        "url": places.run(run),
        "constraints": constraints_of(judged_by.content, run.verdicts) if judged_by else [],
        "rejudged": run.version.number if other and _same_words(judged_by, run) else 0,
    }


def _same_words(version: Version | None, run: Run) -> bool:
    return version is not None and version.prompt_hash == run.version.prompt_hash


def picture(run: Run, *, small: bool = False, places: Places = SITE) -> dict[str, Any] | None:
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
        "url": places.small_picture(run.picture) if small else places.picture(run.picture),
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
