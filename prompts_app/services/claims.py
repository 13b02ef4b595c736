"""What an entry claims: numbers with runs behind them, in a few words.

They come from `Entry.proof` (services/matrix.headline), so that a claim costs no query.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext

from prompts_app.models import Version
from prompts_app.services.groups import Group
from prompts_app.services.matrix import Matrix, gain, measured_against
from prompts_app.templatetags.figures import half_up, percent, points
from prompts_app.text import variables

Proof = Mapping[str, Any]

# A longer line is an instruction that somebody has worked on.
_ONE_LINER = 160


def figures(proof: Proof | None, baseline: Version | None) -> list[dict[str, Any]]:
    """Return what stands under an entry's title: [{"strong" or "when": a time, "rest", "seen"}].

    `seen` asks for the sign of captured runs. Without proof there is nothing to show.
    """
    if proof is None:
        return []
    models = proof["models"]
    if proof["demo"]:
        rest = npgettext("after a number", "demo model", "demo models", models)
    else:
        rest = ngettext("model, captured here", "models, captured here", models)
    shown = [
        *_checks(proof, baseline),
        *_tokens(proof),
        {"strong": _number(models), "rest": rest, "seen": not proof["demo"]},
    ]
    if proof["checked"]:
        shown.append({"when": datetime.fromisoformat(proof["checked"]), "rest": _("last run")})
    return shown


def line(proof: Proof | None, baseline: Version | None) -> str:
    """Return the same figures as one line of text; "" without proof."""
    return " · ".join(
        _("last run on %(day)s") % {"day": date_format(figure["when"], "DATE_FORMAT")}
        if "when" in figure
        else f"{figure['strong']} {figure['rest']}"
        for figure in figures(proof, baseline)
    )


def sentence(proof: Proof | None, baseline: Version | None) -> str:
    """Return the claim in one sentence without its full stop; "" where nothing real stands behind.

    "Keeps 9 of 10 tested constraints; the one-liner, 3; with 18% fewer prompt tokens"
    """
    if proof is None or proof["demo"] or not proof["tested"]:
        return ""
    if proof["baseline_kept"] is None:
        said = _keeps(proof)
    elif is_one_liner(baseline):
        said = ngettext(
            "Keeps %(kept)s of %(tested)s tested constraint; the one-liner, %(old)s",
            "Keeps %(kept)s of %(tested)s tested constraints; the one-liner, %(old)s",
            proof["tested"],
        )
    else:
        said = ngettext(
            "Keeps %(kept)s of %(tested)s tested constraint; version %(number)s, %(old)s",
            "Keeps %(kept)s of %(tested)s tested constraints; version %(number)s, %(old)s",
            proof["tested"],
        )
    said %= _values(proof)
    if proof["tokens"] is not None and (share := saved(*proof["tokens"])):
        said = _("%(claim)s; with %(share)s fewer prompt tokens") % {"claim": said, "share": share}
    return said


def phrases(proof: Proof | None) -> list[str]:
    """Return the same for cards and rows, where nobody knows the baseline's words."""
    if proof is None:
        return []
    if not proof["tested"]:
        return [f"{_number(proof['runs'])} {_runs_word(proof)}"]
    if proof["baseline_kept"] is None:
        said = _keeps(proof)
    else:
        said = ngettext(
            "Keeps %(kept)s of %(tested)s tested constraint; the starting point, %(old)s",
            "Keeps %(kept)s of %(tested)s tested constraints; the starting point, %(old)s",
            proof["tested"],
        )
    said %= _values(proof)
    return [said, _("demo model")] if proof["demo"] else [said]


def is_one_liner(version: Version | None) -> bool:
    """Say whether a version is one short line besides its variables."""
    messages = version.content.get("messages", []) if version is not None else []
    if len(messages) != 1:
        return False
    pieces = variables.pieces(messages[0]["content"])
    words = "".join(piece.text for piece in pieces if piece.kind == "text").strip()
    return len(words) <= _ONE_LINER and "\n" not in words


def _checks(proof: Proof, baseline: Version | None) -> list[dict[str, Any]]:
    if not proof["tested"]:
        return [{"strong": _number(proof["runs"]), "rest": _runs_word(proof)}]
    tested = proof["tested"]
    rest = tested_kept(tested, proof["stated"])
    shown = [{"strong": so_many(proof["kept"], tested), "rest": rest}]
    if proof["baseline_kept"] is not None:
        if is_one_liner(baseline):
            rest = _("kept by the one-liner")
        else:
            rest = _("kept by version %(number)s") % {"number": proof["baseline_number"]}
        shown.append({"strong": so_many(proof["baseline_kept"], tested), "rest": rest})
    return shown


def _tokens(proof: Proof) -> list[dict[str, Any]]:
    """Fewer as a share; more as two numbers, since the work lies in the words that were added."""
    if proof["tokens"] is None:
        return []
    if share := saved(*proof["tokens"]):
        return [{"strong": share, "rest": _("fewer prompt tokens")}]
    before, after = (half_up(number) for number in proof["tokens"])
    if after <= before:
        rest = ngettext("prompt token, as before", "prompt tokens, as before", after)
    else:
        more = ngettext(
            "prompt token instead of %(before)s", "prompt tokens instead of %(before)s", after
        )
        rest = more % {"before": _number(before)}
    return [{"strong": _number(after), "rest": rest}]


def saved(before: float, after: float) -> str:
    """Return the share of the prompt tokens that is saved; "" where it rounds to nothing.

    It is that of the whole numbers, which stand beside it: who divides them gets the same.
    """
    old, new = half_up(before), half_up(after)
    share = 1 - new / old if old else 0.0
    return percent(share) if points(share) > 0 else ""


def tested_kept(tested: int, stated: int) -> str:
    """Return what follows "1 of 2": which constraints those are, and how many are not tested."""
    said = ngettext("tested constraint kept", "tested constraints kept", tested)
    if not stated:
        return said
    more = ngettext(
        "%(kept)s; %(count)s more stated, not tested",
        "%(kept)s; %(count)s more stated, not tested",
        stated,
    )
    return more % {"kept": said, "count": _number(stated)}


def _keeps(proof: Proof) -> str:
    return ngettext(
        "Keeps %(kept)s of %(tested)s tested constraint",
        "Keeps %(kept)s of %(tested)s tested constraints",
        proof["tested"],
    )


def _values(proof: Proof) -> dict[str, str]:
    return {
        "kept": _number(proof["kept"]),
        "tested": _number(proof["tested"]),
        "old": _number(proof["baseline_kept"] or 0),
        "number": str(proof["baseline_number"] or ""),
    }


def _runs_word(proof: Proof) -> str:
    runs = proof["runs"]
    if proof["demo"]:
        return ngettext("run of the demo model", "runs of the demo model", runs)
    return ngettext("run captured here", "runs captured here", runs)


def so_many(part: int, whole: int) -> str:
    """Return "9 of 10"."""
    # Translators: so many of so many, for example "9 of 10".
    return _("%(part)s of %(whole)s") % {"part": _number(part), "whole": _number(whole)}


def _number(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)


def together(proofs: Collection[Proof | None]) -> str:
    """Return what several entries claim as one: "Keeps 26 of 29 tested constraints in 3 entries".

    Only what real models were tested for counts; without any, how many entries there are.
    """
    real = [one for one in proofs if one is not None and not one["demo"] and one["tested"]]
    if not real:
        number = len(proofs)
        said = ngettext("%(number)s entry", "%(number)s entries", number)
        return said % {"number": _number(number)} if number else ""
    tested = sum(one["tested"] for one in real)
    claim = _keeps({"tested": tested}) % {
        "kept": _number(sum(one["kept"] for one in real)),
        "tested": _number(tested),
    }
    said = ngettext("%(claim)s in %(number)s entry", "%(claim)s in %(number)s entries", len(real))
    return said % {"claim": claim, "number": _number(len(real))}


def basis(group: Group) -> str:
    """Return what the verdict rests on: "12 test cases, 3 models, last run on 12 May 2026"."""
    parts = [
        ngettext("%(shown)s test case", "%(shown)s test cases", group.cases)
        % {"shown": number_format(group.cases)},
        _models(group),
    ]
    if group.last_run_at:
        day = date_format(group.last_run_at, "DATE_FORMAT")
        parts.append(_("last run on %(day)s") % {"day": day})
    # Translators: what stands between the items of a list.
    return ", ".join(parts)


def _models(group: Group) -> str:
    said = (
        ngettext("%(shown)s demo model", "%(shown)s demo models", group.models)
        if group.demo
        else ngettext("%(shown)s model", "%(shown)s models", group.models)
    )
    return said % {"shown": number_format(group.models)}


def of_group(group: Group | None) -> Proof | None:
    """Return a group's totals in the shape of `Entry.proof`, measured against nothing."""
    if group is None or not group.runs:
        return None
    return {
        "kept": group.kept,
        "tested": len(group.tested),
        "stated": len(group.results) - len(group.tested),
        "runs": group.runs,
        "models": group.models,
        "demo": group.demo,
        "checked": group.last_run_at.isoformat() if group.last_run_at else "",
        "baseline_kept": None,
        "baseline_number": None,
        "tokens": None,
    }


def of_matrix(matrix: Matrix, baseline: Version | None) -> Proof | None:
    """Return the same of a version's evidence, measured against `baseline`."""
    proof = of_group(matrix.main)
    if proof is None:
        return None
    baseline = measured_against(matrix.version, baseline)
    return {**proof, **gain(matrix.lift, baseline, proof["tested"])}
