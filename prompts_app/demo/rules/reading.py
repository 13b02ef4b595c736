"""Finds dates and amounts in running text, in French and English."""

from __future__ import annotations

import datetime
import re

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january janvier jan janv", "february février fevrier feb fév févr", "march mars mar",
            "april avril apr avr", "may mai", "june juin jun", "july juillet jul juil",
            "august août aout aug", "september septembre sep sept", "october octobre oct",
            "november novembre nov", "december décembre decembre dec déc",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
DATE = re.compile(
    rf"\b(?:(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})"
    rf"|(?P<a>\d{{1,2}})[/.](?P<b>\d{{1,2}})[/.](?P<ab_year>\d{{4}})"
    rf"|(?P<day>\d{{1,2}})(?:er|st|nd|rd|th)?\s(?:of\s)?(?P<month>{_MONTH})\.?\s(?P<year>\d{{4}})"
    rf"|(?P<us_month>{_MONTH})\.?\s(?P<us_day>\d{{1,2}}),?\s(?P<us_year>\d{{4}}))\b",
    re.IGNORECASE,
)
AMOUNT = r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{3})*(?:[.,]\d{1,2})?"


def date_of(match: re.Match[str]) -> datetime.date | None:
    """The date a match of ``DATE`` means, day first where both are possible; None for 31/02."""
    part = match.groupdict()
    try:
        if part["iso"]:
            return datetime.date.fromisoformat(part["iso"])
        if part["a"]:
            day, month = int(part["a"]), int(part["b"])
            day, month = (month, day) if month > 12 else (day, month)
            return datetime.date(int(part["ab_year"]), month, day)
        if part["month"]:
            month = _MONTHS[part["month"].lower()]
            return datetime.date(int(part["year"]), month, int(part["day"]))
        month = _MONTHS[part["us_month"].lower()]
        return datetime.date(int(part["us_year"]), month, int(part["us_day"]))
    except ValueError:
        return None


def number_of(amount: str) -> float:
    """The number an amount means: "1 280,00", "1,280.00" and "1280" are all 1280."""
    digits = re.sub(r"\s", "", amount)
    whole, mark, cents = digits, "", ""
    if re.search(r"[.,]\d{1,2}$", digits):
        whole, mark, cents = re.split(r"([.,])(?=\d{1,2}$)", digits)[:3]
    return float(re.sub(r"\D", "", whole) + ("." + cents if mark else ""))
