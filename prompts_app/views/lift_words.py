"""What a version gains over its baseline, in words."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prompts_app.models import Version
from prompts_app.services.lift import Lift
from prompts_app.templatetags.figures import percent
from prompts_app.views.evidence_words import share


def gain(lift: Lift, old: Version, new: Version) -> list[str]:
    """Return what the version gains over its baseline, in sentences."""
    where = _("Both were run with %(cases)s on %(models)s.") % {
        "cases": ngettext("the same test case", "the same %(shown)s test cases", lift.cases)
        % {"shown": number_format(lift.cases)},
        "models": ngettext("the same model", "the same %(shown)s models", lift.models)
        % {"shown": number_format(lift.models)},
    }
    said = [where]
    if lift.before is not None and lift.after is not None:
        points = round(lift.difference * 100)
        values = {
            "new": new.number,
            "old": old.number,
            "share": share(lift.after.rate),
            "before": share(lift.before.rate),
            "points": number_format(abs(points)),
            "low": _signed(lift.low),
            "high": _signed(lift.high),
        }
        said.append(
            _(
                "There version %(new)s passed %(share)s of its checks and version %(old)s"
                " %(before)s, by the same constraints."
            )
            % values
        )
        if points > 0:
            how = ngettext(
                "That is %(points)s point more", "That is %(points)s points more", points
            )
        elif points < 0:
            how = ngettext(
                "That is %(points)s point less", "That is %(points)s points less", -points
            )
        else:
            how = _("That is no difference")
        said.append(
            ngettext(
                "%(how)s; with %(count)s test case, likely between %(low)s and %(high)s points.",
                "%(how)s; with %(count)s test cases, likely between %(low)s and %(high)s points.",
                lift.cases,
            )
            % (values | {"how": how % values, "count": number_format(lift.cases)})
        )
        if lift.low <= 0 <= lift.high:
            said.append(_("So the difference may be chance: more test cases would tell."))
    if lift.tokens is not None:
        said.append(_tokens(lift.tokens))
    return said


def _signed(share: float) -> str:
    points = round(share * 100)
    sign = "+" if points > 0 else ("−" if points < 0 else "")
    return f"{sign}{number_format(abs(points))}"


def _tokens(tokens: tuple[float, float]) -> str:
    before, after = tokens
    values = {
        "before": number_format(round(before), force_grouping=True),
        "after": number_format(round(after), force_grouping=True),
    }
    change = after / before - 1 if before else 0.0
    if round(abs(change) * 100) == 0:
        return (
            _("Both send about %(after)s prompt tokens a call, as the provider counted.") % values
        )
    values["share"] = percent(change)
    if change < 0:
        return (
            _(
                "It sends %(share)s fewer prompt tokens a call: %(after)s instead of %(before)s,"
                " as the provider counted."
            )
            % values
        )
    return (
        _(
            "It sends %(share)s more prompt tokens a call: %(after)s instead of %(before)s,"
            " as the provider counted."
        )
        % values
    )
