"""What a version gains over its baseline, in words."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prompts_app.models import Version
from prompts_app.services.claims import saved
from prompts_app.services.lift import Lift
from prompts_app.templatetags.figures import half_up, points
from prompts_app.views.evidence_words import share, share_points


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
        # Of the two shares as they are shown: who subtracts one from the other gets the same.
        more = share_points(lift.after.rate) - share_points(lift.before.rate)
        values = {
            "new": new.number,
            "old": old.number,
            "share": share(lift.after.rate),
            "before": share(lift.before.rate),
            "points": number_format(abs(more)),
            "low": _signed(lift.low),
            "high": _signed(lift.high),
        }
        said.append(
            _(
                "Version %(new)s passed %(share)s of the checks, version %(old)s passed"
                " %(before)s, by the same constraints."
            )
            % values
        )
        if more > 0:
            how = ngettext("That is %(points)s point more", "That is %(points)s points more", more)
        elif more < 0:
            how = ngettext("That is %(points)s point less", "That is %(points)s points less", -more)
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
    whole = points(share)
    sign = "+" if whole > 0 else ("−" if whole < 0 else "")
    return f"{sign}{number_format(abs(whole))}"


def _tokens(tokens: tuple[float, float]) -> str:
    """More is said in numbers alone: a share of a short line's tokens would shock for nothing."""
    before, after = (half_up(number) for number in tokens)
    values = {
        "before": number_format(before, force_grouping=True),
        "after": number_format(after, force_grouping=True),
    }
    if before == after:
        said = ngettext(
            "Both send about %(after)s prompt token a call, as the provider counted.",
            "Both send about %(after)s prompt tokens a call, as the provider counted.",
            after,
        )
        return said % values
    share = saved(before, after)
    if not share:
        said = ngettext(
            "It sends %(after)s prompt token a call instead of %(before)s,"
            " as the provider counted.",
            "It sends %(after)s prompt tokens a call instead of %(before)s,"
            " as the provider counted.",
            after,
        )
        return said % values
    values["share"] = share
    return (
        _(
            "It sends %(share)s fewer prompt tokens a call: %(after)s instead of %(before)s,"
            " as the provider counted."
        )
        % values
    )
