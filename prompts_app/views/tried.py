"""A try as pages show it: the answer, what the rules found in it, figures, and what was sent."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from prompts_app.assertions.rubric import is_judged
from prompts_app.models import DraftRun, Entry, Try, Version
from prompts_app.models.execution import Execution
from prompts_app.services.claims import is_one_liner
from prompts_app.services.evidence import totals_kept
from prompts_app.services.groups import Group
from prompts_app.services.second_language import told
from prompts_app.templatetags.figures import duration, microusd
from prompts_app.templatetags.prompts import messages_filled, picture_url
from prompts_app.views.answers import html_of_output
from prompts_app.views.verdicts import Verdicts, constraints_of, said_of

_TOLD = ("kept", "broken", "untestable")


def shown(attempt: Try, judged_by: Version) -> dict[str, Any]:
    """Return what tryit/_answer.html shows of a try whose answer `judged_by`'s rules judged.

    Constraints are told only of an answer that came to its end; what was sent, once it was, unless
    the share link it came through hides prompts.
    """
    entry, version, link = attempt.entry, attempt.version, attempt.link
    shows_prompt = link is None or link.shows_prompts
    done = attempt.state == Try.State.DONE
    # What is recorded is that of the published version, and of no other.
    totals = totals_kept(entry) if version.pk == entry.published_id else None
    checks = checks_of(judged_by.content, attempt.verdicts, totals) if done else []
    if not shows_prompt:
        # That there is a rule stays said, and no page of a try says which.
        for one in checks:
            one["reason"] = ""
    kept, tested = score(checks)
    sent = messages_filled(version.content, attempt.values) if version.content else []
    return {
        "attempt": attempt,
        "html": html_of_output(attempt.output),
        "picture": picture_of(attempt),
        "entry": entry,
        "checks": checks,
        "score": f"{number_format(kept)}/{number_format(tested)}" if tested else "",
        "sum": sum_of(kept, tested),
        "recorded": _recorded(attempt, totals) if checks else "",
        # Through a link there is none: the entry may have no public page.
        "evidence_url": reverse("evidence", args=[entry.owner.profile.handle, entry.slug])
        if link is None
        else "",
        "figures": figures_of(attempt),
        "sent": sent if shows_prompt else [],
        "sent_id": f"sent-{attempt.column}",
    }


def checks_of(
    content: Mapping[str, Any], verdicts: Verdicts, totals: Group | None
) -> list[dict[str, str]]:
    """Return the constraints of a content with what was found in one answer.

    As verdicts.constraints_of, with "recorded": what each came to over the recorded runs, or "".
    `totals` are those of the same content.
    """
    checks = constraints_of(content, verdicts)
    for at, (one, constraint) in enumerate(
        zip(checks, content.get("constraints", ()), strict=True)
    ):
        spec = constraint.get("assertion")
        one["recorded"] = ""
        if not spec:
            continue
        if not one["state"] and is_judged(spec):
            one["reason"] = gettext("A model has to judge it, which is not done live.")
        if totals is not None and totals.results[at].counts.checks:
            one["recorded"] = said_of(totals.results[at].counts)
    return checks


def score(checks: list[dict[str, str]]) -> tuple[int, int]:
    """Return how many of the constraints were kept, and of how many that were tested."""
    states = [one["state"] for one in checks]
    return states.count("kept"), sum(state in _TOLD for state in states)


def events_of(checks: list[dict[str, str]], entry: Entry) -> list[dict[str, str]]:
    """Return verdicts as the end of a stream carries them: {"text", "state", "reason"}.

    "text" is in the language of the page. "state" is "kept", "broken", "untestable", or "stated"
    where nothing was tested.
    """
    return [
        {
            "text": told(one["text"], entry),
            "state": one["state"] or "stated",
            "reason": one["reason"],
        }
        for one in checks
    ]


def title_of(version: Version, baseline: Version | None) -> str:
    """Return what the column of a version is called; `baseline` is the entry's."""
    number = {"number": number_format(version.number)}
    if version == baseline and is_one_liner(version):
        return gettext("The one-liner, version %(number)s") % number
    return gettext("Version %(number)s") % number


def figures_of(attempt: Execution) -> list[str]:
    """Return times, tokens and cost as short phrases; unknown ones are left out."""
    phrases = []
    if attempt.first_token_ms is not None:
        phrases.append(
            gettext("first word after %(time)s") % {"time": duration(attempt.first_token_ms)}
        )
    if attempt.latency_ms is not None:
        phrases.append(gettext("%(time)s in all") % {"time": duration(attempt.latency_ms)})
    if attempt.prompt_tokens is not None and attempt.completion_tokens is not None:
        phrases.append(
            gettext("%(sent)s tokens in, %(got)s out")
            % {
                "sent": number_format(attempt.prompt_tokens, force_grouping=True),
                "got": number_format(attempt.completion_tokens, force_grouping=True),
            }
        )
    return [*phrases, *filter(None, [microusd(attempt.cost)])]


def sum_of(kept: int, tested: int) -> str:
    """Return in a sentence how many of the tested constraints an answer keeps."""
    if not tested:
        return gettext("None of its constraints was tested here.")
    values = {"kept": number_format(kept), "tested": number_format(tested)}
    return (
        ngettext(
            "Keeps %(kept)s of %(tested)s tested constraint.",
            "Keeps %(kept)s of %(tested)s tested constraints.",
            tested,
        )
        % values
    )


def _recorded(attempt: Try, totals: Group | None) -> str:
    """What the recorded runs come to, so that one odd input is not the whole truth."""
    if totals is not None:
        counts = totals.counts
        if not counts.checks:
            return ""
        values = {
            "kept": number_format(counts.passed, force_grouping=True),
            "checks": number_format(counts.checks, force_grouping=True),
        }
        if totals.demo:
            said = ngettext(
                "Kept in %(kept)s of %(checks)s recorded check of the demo models.",
                "Kept in %(kept)s of %(checks)s recorded checks of the demo models.",
                counts.checks,
            )
        else:
            said = ngettext(
                "Kept in %(kept)s of %(checks)s recorded check.",
                "Kept in %(kept)s of %(checks)s recorded checks.",
                counts.checks,
            )
        return said % values
    proof = attempt.entry.proof
    if (
        proof is None
        or proof["baseline_kept"] is None
        or proof["baseline_number"] != attempt.version.number
    ):
        return ""
    return ngettext(
        "In recorded runs it keeps %(kept)s of %(tested)s constraint every time.",
        "In recorded runs it keeps %(kept)s of %(tested)s constraints every time.",
        proof["tested"],
    ) % {"kept": number_format(proof["baseline_kept"]), "tested": number_format(proof["tested"])}


def picture_of(attempt: Try | DraftRun) -> dict[str, Any] | None:
    """Return the picture that came of an attempt as shared/_answer.html takes it."""
    # An answer is a text or a picture.
    picture = None if attempt.output else attempt.pictures.first()
    if picture is None:
        return None
    return {
        "url": picture_url(picture),
        "width": picture.width,
        "height": picture.height,
        "alt": gettext("Picture made by %(model)s") % {"model": attempt.model_asked},
    }
