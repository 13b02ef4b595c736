"""The evidence of a version in words: the verdict first, then what it rests on."""

from collections.abc import Iterable

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prompts_app.models import Version
from prompts_app.services.claims import is_one_liner, so_many, tested_kept
from prompts_app.services.groups import Group
from prompts_app.services.matrix import Matrix, sharing
from prompts_app.services.story import Chapter
from prompts_app.templatetags.figures import percent, points
from prompts_app.templatetags.sentences import AGAIN, error_sentence
from prompts_app.views.verdicts import said_of


def verdict(matrix: Matrix, baseline: Version | None) -> str:
    """Return the one sentence a reader in a hurry reads; `baseline` is what the lift is over."""
    group = matrix.main
    number = matrix.version.number
    if group is None:
        return ""
    if not group.tested:
        return _("No constraint of version %(number)s is tested yet.") % {"number": number}
    tested = len(group.tested)
    said = ngettext(
        "Version %(number)s keeps %(kept)s of %(tested)s tested constraint",
        "Version %(number)s keeps %(kept)s of %(tested)s tested constraints",
        tested,
    ) % {"number": number, "kept": number_format(group.kept), "tested": number_format(tested)}
    lift = matrix.lift
    if lift is None or lift.before is None or baseline is None or lift.tested != tested:
        return _("%(said)s.") % {"said": said}
    kept = {"said": said, "kept": number_format(lift.before.kept), "number": baseline.number}
    if not lift.before.kept:
        if is_one_liner(baseline):
            return _("%(said)s; the one-liner keeps none.") % kept
        return _("%(said)s; version %(number)s keeps none.") % kept
    if is_one_liner(baseline):
        return _("%(said)s; the one-liner keeps %(kept)s.") % kept
    return _("%(said)s; version %(number)s keeps %(kept)s.") % kept


def about_constraint(matrix: Matrix) -> str:
    """Return what became of the one constraint the page is about."""
    group, chosen = matrix.main, matrix.constraint
    if group is None or chosen is None:
        return ""
    counts = next(one.counts for one in group.results if one.constraint is chosen)
    values = {
        "number": matrix.version.number,
        "passed": number_format(counts.passed),
        "checks": number_format(counts.checks),
    }
    if not counts.checks:
        return _("Version %(number)s states it; no run has tested it yet.") % values
    return (
        ngettext(
            "Version %(number)s kept it in %(passed)s of %(checks)s answer.",
            "Version %(number)s kept it in %(passed)s of %(checks)s answers.",
            counts.checks,
        )
        % values
    )


def chapter(told: Chapter, version: Version) -> str:
    """Return what became of a constraint in a version, which may not state it: `version` does."""
    if told.constraint is not None:
        return said_of(told.counts)
    if not told.counts.checks:
        return _("not judged: this version does not state it")
    return _("%(said)s, by the rule of version %(number)s") % {
        "said": said_of(told.counts),
        "number": version.number,
    }


def figures(matrix: Matrix, baseline: Version | None) -> list[dict[str, str]]:
    """Return the totals as [{"strong", "rest"}], the ones that matter first."""
    group = matrix.main
    if group is None or group.share is None:
        return []
    shown = [
        {
            "strong": share(group.share),
            "rest": _("of the checks passed; likely between %(low)s and %(high)s")
            % {"low": percent(group.low), "high": percent(group.high)},
        },
        {
            "strong": so_many(group.passed_cases, group.cases),
            "rest": ngettext(
                "test case where every repeat passed",
                "test cases where every repeat passed",
                group.cases,
            ),
        },
    ]
    if matrix.constraint is None:
        shown.insert(
            0,
            {
                "strong": so_many(group.kept, len(group.tested)),
                "rest": tested_kept(len(group.tested), len(group.results) - len(group.tested)),
            },
        )
    lift = matrix.lift
    if lift is not None and lift.before is not None and baseline is not None:
        if is_one_liner(baseline):
            rest = _("of the checks passed by the one-liner")
        else:
            rest = _("of the checks passed by version %(number)s") % {"number": baseline.number}
        at = 2 if matrix.constraint is None else 1
        shown.insert(at, {"strong": share(lift.before.rate), "rest": rest})
    return shown


def counted(group: Group, version: Version, history: Iterable[Version]) -> list[str]:
    """Return what was counted, hidden runs and calls without an answer included.

    `history` holds every version of the entry.
    """
    hidden = group.runs - group.shown
    runs = ngettext("%(runs)s run", "%(runs)s runs", group.runs) % {
        "runs": number_format(group.runs)
    }
    if group.counts.checks:
        runs = _("%(passed)s of %(checks)s checks passed, over %(runs)s") % {
            "passed": number_format(group.counts.passed),
            "checks": number_format(group.counts.checks),
            "runs": runs,
        }
    said = [_("%(runs)s; %(readable)s.") % {"runs": runs, "readable": _readable(group)}]
    if hidden:
        said.append(_hidden(hidden, version, history))
    if group.unanswered:
        said.append(
            ngettext(
                "%(count)s call got no answer.", "%(count)s calls got no answer.", group.unanswered
            )
            % {"count": number_format(group.unanswered)}
        )
    for name, number in (("untestable", group.counts.untestable), ("open", group.counts.open)):
        if number:
            said.append(_left(name, number) % {"count": number_format(number)})
    return said


def _hidden(number: int, version: Version, history: Iterable[Version]) -> str:
    if any(one.withdrawn_at for one in sharing(history, version).values()):
        said = ngettext(
            "%(count)s is hidden by the author or of a withdrawn version, and counts.",
            "%(count)s are hidden by the author or of a withdrawn version, and count.",
            number,
        )
    else:
        said = ngettext(
            "%(count)s is hidden by the author and counts.",
            "%(count)s are hidden by the author and count.",
            number,
        )
    return said % {"count": number_format(number)}


def _readable(group: Group) -> str:
    if not group.shown:
        return _("none of them can be read here")
    shown = {"shown": number_format(group.shown)}
    if group.shown < group.runs:
        return (
            ngettext(
                "%(shown)s of them can be read here",
                "%(shown)s of them can be read here",
                group.shown,
            )
            % shown
        )
    return ngettext("it can be read here", "all %(shown)s can be read here", group.shown) % shown


def failures(codes: dict[str, int]) -> list[str]:
    """Return why calls got no answer, each reason with its number."""
    return [
        ngettext("%(count)s call: %(reason)s", "%(count)s calls: %(reason)s", number)
        % {"count": number_format(number), "reason": AGAIN.get(code) or error_sentence(code)}
        for code, number in sorted(codes.items(), key=lambda one: -one[1])
    ]


def share(value: float) -> str:
    """Return a share as a whole percentage; 0% and 100% only where it is exactly that."""
    return percent(share_points(value) / 100)


def share_points(value: float) -> int:
    """Return the number that `share` shows."""
    return points(value if value in (0, 1) else min(max(value, 0.01), 0.99))


def rejudged(version: Version, captured_for: dict[int, int]) -> list[str]:
    """Return where the runs came from that were captured for other versions."""
    return [
        ngettext(
            "Rejudged: %(count)s run was captured for version %(other)s, which sends the same"
            " words, and judged again by the constraints of version %(number)s.",
            "Rejudged: %(count)s runs were captured for version %(other)s, which sends the same"
            " words, and judged again by the constraints of version %(number)s.",
            runs,
        )
        % {"count": number_format(runs), "other": other, "number": version.number}
        for other, runs in sorted(captured_for.items())
    ]


def _left(name: str, number: int) -> str:
    if name == "untestable":
        return ngettext(
            "%(count)s check could not be told and counts as not passed.",
            "%(count)s checks could not be told and count as not passed.",
            number,
        )
    return ngettext(
        "%(count)s check is not judged yet and does not count.",
        "%(count)s checks are not judged yet and do not count.",
        number,
    )
