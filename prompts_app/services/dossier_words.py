"""What a dossier says by itself, in the language that is active."""

from datetime import date

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prompts_app.models import Entry, ShareLink, TestCase, Version
from prompts_app.services import claims
from prompts_app.services.groups import Column, Group
from prompts_app.services.marks import FAILING
from prompts_app.services.second_language import told
from prompts_app.templatetags.figures import half_up, microusd
from prompts_app.templatetags.sentences import demo_sentence, language_name
from prompts_app.typeset.contents import Fact, Failure, ModelEvidence, Words

# So many failing cases are named; a longer list is read by nobody on paper.
_FAILURES = 12
_RUNS = 1000


def words() -> Words:
    """Return the labels of the layout."""
    return Words(
        entries=_("At a glance"),
        task=_("Task"),
        result=_("Result"),
        context=_("Context"),
        prompt=_("Prompt"),
        constraints=_("Constraints"),
        constraint=_("Constraint"),
        # Translators: the heads of two columns: how many answers kept a constraint, and did not.
        kept=_("Kept"),
        not_kept=_("Not kept"),
        not_tested=_("not tested"),
        evidence=_("Evidence"),
        model=_("Model"),
        kept_of_tested=_("Tested constraints kept"),
        cost=_("Cost per 1,000 runs"),
        seconds=_("Median seconds"),
        still_fails=_("Where it still fails"),
        receipts=_("Receipts"),
        profile=_("Profile"),
        about=_("About"),
        skills=_("Skills"),
        experience=_("Experience"),
        certifications=_("Certifications"),
        languages=_("Languages"),
        links=_("Links"),
        # Translators: at the foot of a document; keep {page} and {pages}.
        page=_("page {page} of {pages}"),
        qr=_("QR code of this document’s page on the web"),
        unprintable=_(
            "[…] stands for characters that cannot be printed here; the page shows them."
        ),
    )


def recipient(link: ShareLink) -> str:
    """Return whom a link is for: "For Acme · Prompt engineer"; "" where it does not say."""
    company = _("For %(company)s") % {"company": link.company} if link.company else ""
    return " · ".join(filter(None, (company, link.role)))


def terms(link: ShareLink) -> tuple[Fact, ...]:
    """Return what the author wishes of this reader."""
    wishes = ((_("Pay"), link.pay), (_("Start"), link.start))
    return tuple(Fact(label, text) for label, text in wishes if text)


def months(began: date | None, ended: date | None) -> str:
    """Return when something was done: "May 2024 – today"; "" where no beginning is known."""
    if began is None:
        return ""
    first = date_format(began, "YEAR_MONTH_FORMAT")
    last = date_format(ended, "YEAR_MONTH_FORMAT") if ended else _("today")
    return f"{first} – {last}"


def stated(entry: Entry) -> tuple[Fact, ...]:
    """Return what only the author can say of an entry, marked as such."""
    facts = (
        (_("In the team, as stated by the author"), entry.role_in_team),
        (_("Used, as stated by the author"), entry.used_where),
        (_("Outcome, as stated by the author"), entry.outcome),
    )
    return tuple(Fact(label, told(text, entry)) for label, text in facts if text)


def facts(entry: Entry, version: Version) -> str:
    """Return the quiet line under an entry's title."""
    number = _("version %(number)s") % {"number": version.number}
    day = date_format(version.created_at, "DATE_FORMAT")
    return " · ".join((language_name(entry.language), f"{number}, {day}"))


def hidden_prompt() -> str:
    """Return what stands in place of a prompt."""
    return _("The author does not show the prompt’s text.")


def not_tested() -> str:
    """Return what stands in place of figures where nothing has run."""
    return _("Not tested yet")


def evidence_note(group: Group | None) -> str:
    """Return what the figures rest on."""
    if group is None:
        return not_tested()
    said = f"{claims.basis(group)}."
    if group.demo:
        warning = _("So these figures prove nothing about any other model.")
        said = f"{said} {demo_sentence()} {warning}"
    return said


def model_evidence(group: Group) -> tuple[ModelEvidence, ...]:
    """Return a row for each model."""
    return tuple(_row(group, at, column) for at, column in enumerate(group.columns))


def _row(group: Group, at: int, column: Column) -> ModelEvidence:
    states = [one.by_column[at].state for one in group.tested]
    known = [state for state in states if state != "stated"]
    name = f"{column.model} ({column.host})" if column.two_hosts else column.model
    return ModelEvidence(
        model=name,
        kept=known.count("kept"),
        tested=len(known),
        cost=microusd(half_up(column.cost * _RUNS)) if column.cost is not None else "",
        seconds=_seconds(column.latency_ms) if column.latency_ms is not None else "",
    )


def _seconds(milliseconds: float) -> str:
    tenths = half_up(milliseconds / 100)
    shown = number_format(max(tenths, 1) / 10, decimal_pos=1)
    return shown if tenths else f"< {shown}"


def failures(group: Group, cases: list[TestCase | None], entry: Entry) -> tuple[Failure, ...]:
    """Return the cases in which something failed, with what the author says of each."""
    found = []
    for case in cases:
        marks = [mark for mark in group.marks.get(case.pk if case else None, ()) if mark]
        if not any(mark.sign in FAILING for mark in marks):
            continue
        calls, passed = sum(mark.calls for mark in marks), sum(mark.passed for mark in marks)
        said = ngettext(
            "%(case)s: %(passed)s of %(calls)s answer kept every tested constraint",
            "%(case)s: %(passed)s of %(calls)s answers kept every tested constraint",
            calls,
        )
        values = {
            "case": told(case.name, entry) if case else _("No test case"),
            "passed": number_format(passed),
            "calls": number_format(calls),
        }
        # What the author says of this failure tells more than what they feared before it.
        found.append(
            Failure(said % values, told(case.comment or case.watch_for, entry) if case else "")
        )
    if len(found) > _FAILURES:
        more = len(found) - _FAILURES + 1
        said = ngettext("and %(number)s more test case", "and %(number)s more test cases", more)
        found[_FAILURES - 1 :] = [Failure(said % {"number": number_format(more)})]
    return tuple(found)
