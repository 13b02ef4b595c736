"""Invoices to JSON: reads suppliers, dates, lines and totals by their labels."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass, field
from typing import Any

from prompts_app.demo.rules.prompt import Prompt, language_of
from prompts_app.demo.rules.reading import AMOUNT, DATE, date_of, number_of

SIGNS = (
    r"\binvoices?\b|\bfactures?\b",
    r"\bjson\b",
    r"extrac|extrai|\bextraire",
    r"supplier|fourn",
)

_FIELDS = {
    "supplier": r"fournisseur|supplier|vendor|vendeur",
    "number": r"num[eé]ro|number|invoice_number|num[eé]ro_facture",
    "date": r"date|invoice_date|date_facture",
    "due": r"[eé]ch[eé]ance|due_date|due|date_echeance",
    "currency": r"devise|currency",
    "lines": r"lignes|lines|items|line_items",
    "net": r"total_ht|subtotal|net|total_net",
    "tax": r"tva|vat|tax|montant_tva",
    "total": r"total_ttc|total|total_due|amount_due",
    "missing": r"manquants?|missing",
}
_LINE_FIELDS = {
    "label": r"libell[eé]|description|label|name|article",
    "quantity": r"quantit[eé]|quantity|qty",
    "unit": r"prix_unitaire|unit_price|price|prix",
    "total": r"total|montant|amount",
}
_KEYS = re.compile(r"(?:cl[eé]s|keys)[^:.]{0,60}:\s*(.+?)\.(?:\s|$)", re.IGNORECASE | re.DOTALL)
_LINE_KEYS = re.compile(
    r"(?:ligne|line) (?:a|has) (?:les |the )?(?:cl[eé]s|keys):? ([^.]+)\.", re.IGNORECASE
)
_CURRENCIES = (("EUR", r"€|\bEUR\b"), ("GBP", r"£|\bGBP\b"), ("CHF", r"\bCHF\b"),
               ("CAD", r"\bCAD\b"), ("USD", r"\$|\bUSD\b"))  # fmt: skip
_MONEY = rf"({AMOUNT})\s*(?:€|£|\$|EUR|GBP|CHF|CAD|USD)?"
_LINE = re.compile(
    rf"^\s*(\S.{{0,80}}?)\s+(\d+(?:[.,]\d+)?)\s*[x×*]\s*{_MONEY}(?:\s+=?\s*{_MONEY})?\s*$"
)
_PLAIN_LINE = re.compile(rf"^\s*([^\W\d].{{0,80}}?)(?:\s{{2,}}|\t|\s:\s){_MONEY}\s*$")
_NUMBER = re.compile(
    r"(?:\bn°|\bnº|\bno\b\.?|\bnumber\b|\bnuméro\b|#)\s*:?\s*([A-Z]{0,6}[-/]?\d[\w/-]*)",
    re.IGNORECASE,
)
_DUE = re.compile(r"échéance|echeance|\bdue\b|payable|à payer avant|pay by", re.IGNORECASE)
_NET = re.compile(r"^\s*(?:total\s+h\.?t|sous-total|subtotal|net\b(?!\s+à))", re.IGNORECASE)
_TAX = re.compile(r"^\s*(?:t\.?v\.?a|vat|tax(?:es?)?)\b", re.IGNORECASE)
_TOTAL = re.compile(
    r"^\s*(?:total\s+t\.?t\.?c|total due|amount due|grand total|net à payer|total\b(?!\s+h))",
    re.IGNORECASE,
)


@dataclass
class _Invoice:
    found: dict[str, Any] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sum_of_lines(self) -> float:
        return round(sum(line["total"] or 0 for line in self.lines), 2)


def answer(prompt: Prompt, *, careful: bool) -> str:
    """Answer with the invoice's data, as strictly as the prompt asks."""
    if prompt.order_in_data and not prompt.data_only:
        return prompt.order_in_data
    invoice = _read(prompt.data or prompt.instructions)
    keys = _keys(prompt, _FIELDS, _KEYS)
    value = _fill(prompt, invoice, keys, careful=careful) if keys else _improvise(invoice, prompt)
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if prompt.json_only:
        return text
    if prompt.language == "fr":
        return (
            "Bien sûr ! Voici les données extraites de votre facture :\n\n"
            f"```json\n{text}\n```\n\n"
            "N’hésitez pas à me dire si vous souhaitez un autre format !"
        )
    return (
        f"Sure! Here is the data extracted from your invoice:\n\n```json\n{text}\n```\n\n"
        "Let me know if you would like it in another format!"
    )


def _keys(
    prompt: Prompt, fields: dict[str, str], pattern: re.Pattern[str]
) -> list[tuple[str, str]]:
    """The keys a prompt lists, in its order, each with the field it names ("" if unknown)."""
    found = pattern.search(prompt.instructions)
    if not found:
        return []
    listed = re.sub(r"\([^)]*\)", "", found.group(1))
    names = re.findall(r"[^\W\d]\w*", re.sub(r"\b(?:et|and)\b", ",", listed))
    return [
        (name, next((key for key, form in fields.items() if re.fullmatch(form, name.lower())), ""))
        for name in names
    ]


def _line_keys(prompt: Prompt) -> list[tuple[str, str]]:
    inside: re.Match[str] | None = re.search(
        r"(?:lignes|lines|items)\s*\(([^)]+)\)", prompt.instructions, re.IGNORECASE
    ) or _LINE_KEYS.search(prompt.instructions)
    if inside:
        names = re.findall(r"[^\W\d]\w*", inside.group(1))
    elif prompt.language == "fr":
        names = ["libelle", "quantite", "prix_unitaire", "total"]
    else:
        names = ["description", "quantity", "unit_price", "total"]
    forms = _LINE_FIELDS.items()
    return [
        (name, next((key for key, form in forms if re.fullmatch(form, name.lower())), ""))
        for name in names
    ]


def _read(text: str) -> _Invoice:
    invoice = _Invoice()
    rows = [row[:300] for row in text.split("\n") if row.strip()]
    for row in rows:
        date = DATE.search(row)
        kind = "due" if _DUE.search(row) else "date"
        if date and kind not in invoice.found and (meant := date_of(date)):
            invoice.found[kind] = meant
            invoice.written[kind] = date.group()
        _read_amounts(row, invoice)
        number = _NUMBER.search(row)
        if number and "number" not in invoice.found:
            invoice.found["number"] = number.group(1)
    invoice.found["currency"] = next(
        (code for code, sign in _CURRENCIES if re.search(sign, text)), None
    )
    named = re.search(r"(?:fournisseur|supplier|vendor|from)\s*:\s*(\S[^\n]{1,80})", text, re.I)
    if named:
        invoice.found["supplier"] = named.group(1).strip()
    elif rows and re.fullmatch(r"\s*[^\W\d][^:!?€£$]{1,70}", rows[0]) and not DATE.search(rows[0]):
        invoice.found["supplier"] = re.split(r",|\s[-–/|]\s", rows[0])[0].strip()
    return invoice


def _read_amounts(row: str, invoice: _Invoice) -> None:
    amounts = [m.group() for m in re.finditer(rf"(?:{AMOUNT})(?!\d|\s*%)", row)]
    for key, sign in (("net", _NET), ("tax", _TAX), ("total", _TOTAL)):
        if sign.search(row):
            if amounts and key not in invoice.found:
                invoice.found[key] = number_of(amounts[-1])
                invoice.written[key] = amounts[-1]
            return
    line = _LINE.match(row)
    if line:
        label, quantity, unit, total = line.groups()
        count, price = number_of(quantity), number_of(unit)
        amount = number_of(total) if total else round(count * price, 2)
        whole = int(count) if count == int(count) else count
        invoice.lines.append({"label": label, "quantity": whole, "unit": price, "total": amount})
        return
    plain = _PLAIN_LINE.match(row)
    if plain and not DATE.search(row) and re.search(r"[.,]\d{2}|€|£|\$|[A-Z]{3}\s*$", row):
        amount = number_of(plain.group(2))
        invoice.lines.append(
            {"label": plain.group(1), "quantity": None, "unit": None, "total": amount}
        )


def _fill(
    prompt: Prompt, invoice: _Invoice, keys: list[tuple[str, str]], *, careful: bool
) -> dict[str, Any]:
    iso = prompt.says(r"AAAA-MM-JJ|YYYY-MM-DD|ISO 8601")
    flags_sums = prompt.says(r"\bsomme\b|\bsum\b|add up")
    found: dict[str, Any] = dict(invoice.found)
    missing: list[str] = []
    wrong_sum = invoice.lines and found.get("net") not in (None, invoice.sum_of_lines)
    if wrong_sum and (not flags_sums or not careful):
        found["net"] = invoice.sum_of_lines
    if not prompt.no_guessing or not careful:
        if "due" not in found and "date" in found:
            found["due"] = found["date"] + datetime.timedelta(days=30)
        if not prompt.no_guessing:
            found.setdefault("number", "2026-001")
    result: dict[str, Any] = {}
    line_keys = _line_keys(prompt)
    for key, meaning in keys:
        value: Any = found.get(meaning)
        if meaning == "lines":
            value = [{name: line.get(part) for name, part in line_keys} for line in invoice.lines]
        if isinstance(value, datetime.date):
            value = value.isoformat() if iso else invoice.written.get(meaning, value.isoformat())
        result[key] = value
        if (
            (value is None and meaning != "missing")
            or value == []
            or (meaning == "net" and wrong_sum and flags_sums and careful)
        ):
            missing.append(key)
    for key, meaning in keys:
        if meaning == "missing":
            result[key] = missing
    return result


def _improvise(invoice: _Invoice, prompt: Prompt) -> dict[str, Any]:
    """Keys and values as a prompt without a schema gets them: made up as it goes."""
    french = language_of(prompt.data) == "fr"
    found = invoice.found
    currency = {"EUR": "€", "GBP": "£", "USD": "$"}.get(found.get("currency") or "", "")

    def money(key: str, guess: float) -> str:
        return f"{invoice.written.get(key) or format(guess, '.2f')} {currency}".strip()

    date = found.get("date")
    due = found.get("due") or (date and date + datetime.timedelta(days=30))
    net = invoice.sum_of_lines
    lines = [f"{line['label']} ({money('', line['total'])})" for line in invoice.lines]
    written = invoice.written
    if french:
        return {
            "Entreprise": found.get("supplier", "Inconnu"),
            "Numéro de facture": found.get("number", "2026-001"),
            "Date": written.get("date", "Non précisée"),
            "Date d’échéance": written.get("due") or (due and due.strftime("%d/%m/%Y")),
            "Articles": lines,
            "Total HT": money("", net),
            "TVA": money("tax", net * 0.2),
            "Total": money("total", net * 1.2),
            "Statut": "À payer",
        }
    return {
        "company": found.get("supplier", "Unknown"),
        "invoice": {"id": found.get("number", "INV-001"), "issued": written.get("date")},
        "payment_due": written.get("due") or (due and due.strftime("%B %d, %Y")),
        "items": lines,
        "amount": money("total", net * 1.2),
        "status": "unpaid",
    }
