"""What an evaluation or a judgement comes to, in words, before it is started."""

from dataclasses import dataclass, field

from django.forms import Form
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prompts_app.forms.evaluations import EvaluationForm, JudgeForm
from prompts_app.models import BudgetDay
from prompts_app.services import stored, wishes
from prompts_app.services.selection import Selection
from prompts_app.services.wishes import CannotEvaluate, Estimate, Wish
from prompts_app.templatetags.ledger import dollars

# Where a refusal stands in the form (services.wishes.CannotEvaluate).
_FIELDS = {
    "nothing": None,
    "too_many": "repeats",
    "withdrawn": "versions",
    "wrong_kind": "models",
    "not_usable": "models",
    "key_unreadable": "models",
    "no_input": "cases",
}


@dataclass(slots=True)
class Cost:
    """What a choice comes to. Without an estimate there are `problems`, as sentences.

    `judged`: how many constraints of the chosen versions a model has to judge.
    """

    judged: int
    problems: list[str] = field(default_factory=list)
    wish: Wish | None = None
    estimate: Estimate | None = None

    @property
    def words(self) -> str:
        """The runs and the most they cost: "2 versions × 3 models = 6 runs, at most $0.43"."""
        assert self.wish is not None
        assert self.estimate is not None
        total = self.estimate.total
        runs = ngettext("%(number)s run", "%(number)s runs", total) % {
            "number": number_format(total, force_grouping=True)
        }
        product = {"factors": " × ".join(_factors(self.wish)), "runs": runs}
        if not self.estimate.bound:
            return _("%(factors)s = %(runs)s, free") % product
        return _("%(factors)s = %(runs)s, at most %(cost)s") % (
            product | {"cost": dollars(self.estimate.bound)}
        )

    @property
    def judging(self) -> str:
        """What a model has to judge, and what that costs; "" where nothing."""
        if not self.judged or self.wish is None or self.estimate is None:
            return ""
        values = {"number": number_format(self.judged), "cost": dollars(self.estimate.judge_bound)}
        if self.wish.judge is None:
            sentence = ngettext(
                "%(number)s constraint needs a model that judges and stays open.",
                "%(number)s constraints need a model that judges and stay open.",
                self.judged,
            )
        elif not self.estimate.judge_bound:
            sentence = ngettext(
                "A model judges %(number)s constraint.",
                "A model judges %(number)s constraints.",
                self.judged,
            )
        else:
            sentence = ngettext(
                "A model judges %(number)s constraint: at most %(cost)s of it.",
                "A model judges %(number)s constraints: at most %(cost)s of it.",
                self.judged,
            )
        return sentence % values

    @property
    def left(self) -> list[str]:
        """What is left today of every purse that pays."""
        if self.estimate is None:
            return []
        found = self.estimate
        sentences = {
            BudgetDay.Purse.OWN: _("Left today: %(amount)s."),
            BudgetDay.Purse.SITE: _("Left today of what the operator pays: %(amount)s."),
        }
        return [
            sentence % {"amount": dollars(found.left_today.get(purse, 0))}
            for purse, sentence in sentences.items()
            if found.by_purse.get(purse)
        ]


@dataclass(slots=True)
class JudgingCost:
    """How many stored answers no model has judged yet, and the most that costs (micro-dollars)."""

    answers: int = 0
    bound: int = 0
    problems: list[str] = field(default_factory=list)


def cost_of(selection: Selection, form: EvaluationForm) -> Cost:
    """Return what the choice in a bound form comes to; a refusal is added to the form."""
    judged = len(selection.judged_rules(form.chosen_versions()))
    if form.is_valid():
        wish = form.wish()
        try:
            found = wishes.estimate(selection.entry, wish)
        except CannotEvaluate as refusal:
            form.add_error(_field_of(refusal, wish), refusal_sentence(refusal))
        else:
            return Cost(judged, wish=wish, estimate=found)
    return Cost(judged, _sentences(form))


def judging_cost(selection: Selection, form: JudgeForm) -> JudgingCost:
    """Return what judging the stored answers by the chosen model comes to; as `cost_of`."""
    if form.is_valid():
        judge = form.cleaned_data["judge"]
        try:
            answers, bound = stored.most(selection.entry, judge)
        except CannotEvaluate as refusal:
            form.add_error("judge", refusal_sentence(refusal))
        else:
            return JudgingCost(answers, bound)
    return JudgingCost(stored.waiting(selection.entry), problems=_sentences(form))


def refusal_sentence(refusal: CannotEvaluate) -> str:
    """Return why an evaluation cannot be started."""
    match refusal.code:
        case "too_many":
            sentence = _("These are %(total)s runs; at most %(most)s can be asked for at once.")
        case "withdrawn":
            sentence = _("One of these versions is withdrawn.")
        case "wrong_kind":
            sentence = _("Texts and pictures are evaluated apart: choose versions of one kind.")
        case "not_usable":
            sentence = _("“%(model)s” is not usable any more. Choose another model.")
        case "key_unreadable":
            sentence = _("The key for “%(model)s” cannot be read on this server. Paste it again.")
        case "no_input" if refusal.values["case"]:
            sentence = _(
                "Version %(version)s needs a value for “%(variable)s”, and “%(case)s” has none."
            )
        case "no_input":
            sentence = _(
                "Version %(version)s needs a value for “%(variable)s”: run it on test cases only."
            )
        case _other:
            sentence = _("Choose at least one version, one model and one test case.")
    return sentence % {
        name: number_format(value, force_grouping=name != "version")
        if isinstance(value, int)
        else value
        for name, value in refusal.values.items()
    }


def _field_of(refusal: CannotEvaluate, wish: Wish) -> str | None:
    named = refusal.values.get("model")
    if wish.judge is not None and named == wish.judge.name not in {m.name for m in wish.models}:
        return "judge"
    return _FIELDS[refusal.code]


def _factors(wish: Wish) -> list[str]:
    """The numbers whose product is the number of runs; "1 repeat" says nothing."""
    counts = [
        (
            len(wish.versions),
            ngettext("%(number)s version", "%(number)s versions", len(wish.versions)),
        ),
        (len(wish.models), ngettext("%(number)s model", "%(number)s models", len(wish.models))),
        (
            len(wish.cases),
            ngettext("%(number)s test case", "%(number)s test cases", len(wish.cases)),
        ),
    ]
    if wish.repeats > 1:
        counts.append(
            (wish.repeats, ngettext("%(number)s repeat", "%(number)s repeats", wish.repeats))
        )
    return [text % {"number": number_format(number)} for number, text in counts]


def _sentences(form: Form) -> list[str]:
    return list(dict.fromkeys(str(text) for texts in form.errors.values() for text in texts))
