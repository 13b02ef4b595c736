"""What a constraint's rule says of outputs that are there, as its row in the editor shows it."""

from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prompts_app.forms.constraints import ConstraintForm
from prompts_app.models import Entry
from prompts_app.services.rule_tests import RuleTest, try_rule
from prompts_app.templatetags.assertions import verdict_reason


def tested(entry: Entry, row: ConstraintForm) -> dict[str, Any]:
    """Return {"said": one sentence, "kept": whether all pass, "missed": what does not}.

    May take a few seconds; nothing is spent and nothing is kept.
    """
    if not row.rule_name:
        return _only(_("Choose a rule first."))
    if not row.rule_fits(in_time=True) or row.spec is None:
        return _only(_not_right(row))
    test = try_rule(entry, row.spec)
    if not test.outputs:
        return _only(_("There are no outputs yet to try it on: run a version first."))
    if test.judged and not test.looked_at:
        return _only(
            _("A model has to judge this one, and that costs money: it is not asked from here.")
        )
    return {
        "said": _said(test),
        "more": _more(test),
        "kept": test.passed == test.looked_at,
        "missed": [
            {
                "case": one.run.case.name if one.run.case is not None else "",
                "model": one.run.model_asked,
                "state": one.state,
                "reason": verdict_reason(one.verdict),
                "url": reverse("studio_outputs", args=[entry.slug])
                + f"?version={one.run.version.number}#run-{one.run.pk}",
            }
            for one in test.missed
        ],
    }


def _only(said: str) -> dict[str, Any]:
    return {"said": said, "more": "", "kept": None, "missed": []}


def _not_right(row: ConstraintForm) -> str:
    for name, errors in row.errors.items():
        if name in row.fields:
            return f"{row[name].label}: {errors[0]}"
    return _("The rule is not complete yet.")


def _said(test: RuleTest) -> str:
    assert test.version is not None
    values = {
        "passed": number_format(test.passed),
        "total": number_format(test.looked_at),
        "version": test.version.number,
    }
    if test.judged:
        said = ngettext(
            "Passed %(passed)s of %(total)s output of version %(version)s that a model judged.",
            "Passed %(passed)s of %(total)s outputs of version %(version)s that a model judged.",
            test.looked_at,
        )
    else:
        said = ngettext(
            "Would pass %(passed)s of %(total)s latest output of version %(version)s.",
            "Would pass %(passed)s of %(total)s latest outputs of version %(version)s.",
            test.looked_at,
        )
    return said % values


def _more(test: RuleTest) -> str:
    left = test.outputs - test.looked_at
    if not left:
        return ""
    if test.judged:
        said = ngettext(
            "%(left)s is not judged: that costs money and is asked for under Evidence.",
            "%(left)s are not judged: that costs money and is asked for under Evidence.",
            left,
        )
    else:
        said = ngettext(
            "%(left)s was not looked at in time.", "%(left)s were not looked at in time.", left
        )
    return said % {"left": number_format(left)}
