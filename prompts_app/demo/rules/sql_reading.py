"""Cuts a SQL statement into its clauses and finds the well-known traps in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|[\w.]+|[^\s\w]")
_CLAUSE = re.compile(
    r"with|select|from|(?:(?:left|right|full|inner|cross)(?: outer)? )?join|where|group by|having|"
    r"order by|limit|offset|union(?: all)?|update|set|delete from|insert into|values|returning",
    re.IGNORECASE,
)
# The order in which a database evaluates the clauses of a statement.
_ORDER = ("with", "insert into", "update", "delete from", "from", "join", "set", "where",
          "group by", "having", "values", "select", "union", "order by", "limit", "offset",
          "returning")  # fmt: skip


@dataclass(frozen=True)
class Clause:
    """One clause: its keyword in lower case and the text after it, white space folded."""

    keyword: str
    text: str

    @property
    def kind(self) -> str:
        """The keyword without what kind of join or union it is."""
        if self.keyword.endswith("join"):
            return "join"
        return "union" if self.keyword.startswith("union") else self.keyword

    @property
    def table(self) -> str:
        """The first name of the clause, for clauses that start with a table."""
        found = re.match(r"[\w.\"`]+", self.text)
        return found.group() if found else "a subquery"


def clauses(query: str) -> list[Clause]:
    """The clauses outside brackets, in order of evaluation; none if the text is not SQL."""
    flat = _COMMENT.sub(" ", query)
    tokens = [(match.group(), match.start()) for match in _TOKEN.finditer(flat)]
    marks: list[tuple[str, int, int]] = []
    depth = index = 0
    while index < len(tokens):
        word, start = tokens[index]
        depth += (word == "(") - (word == ")")
        length = _keyword_length(tokens, index) if depth == 0 else 0
        if length:
            last, at = tokens[index + length - 1]
            keyword = " ".join(token for token, _ in tokens[index : index + length]).lower()
            marks.append((keyword, start, at + len(last)))
            index += length
        else:
            if word == ";" and depth == 0:
                break
            index += 1
    end = tokens[index][1] if index < len(tokens) else len(flat)
    found = []
    for place, (keyword, _, begin) in enumerate(marks):
        stop = marks[place + 1][1] if place + 1 < len(marks) else end
        found.append(Clause(keyword, " ".join(flat[begin:stop].split())))
    kinds = {clause.kind for clause in found}
    starts = flat.strip()[:7].lower()
    complete = kinds & {"from", "update", "delete from", "insert into"} or "select" in kinds
    if not complete or not re.match(r"select|with|update|delete|insert", starts):
        return []
    return sorted(found, key=lambda clause: _ORDER.index(clause.kind))


def _keyword_length(tokens: list[tuple[str, int]], index: int) -> int:
    for length in (3, 2, 1):
        words = " ".join(token for token, _ in tokens[index : index + length])
        if index + length <= len(tokens) and _CLAUSE.fullmatch(words):
            return length
    return 0


def traps(found: list[Clause]) -> list[tuple[str, str]]:
    """The traps in a statement: a code and the name or words concerned, the gravest first."""
    by_kind: dict[str, list[Clause]] = {}
    for clause in found:
        by_kind.setdefault(clause.kind, []).append(clause)
    where = " ".join(clause.text for clause in by_kind.get("where", []))
    select = " ".join(clause.text for clause in by_kind.get("select", []))
    result = [
        ("no_condition", by_kind[change][0].table)
        for change in ("update", "delete from")
        if change in by_kind and not where
    ]
    for join in by_kind.get("join", []):
        name = _alias(join)
        lost = re.search(rf"\b{re.escape(name)}\.\w+\b(?!\s+is\s+null)", where, re.IGNORECASE)
        if join.keyword.startswith("left") and lost:
            result.append(("left_join_undone", join.table))
        if not re.search(r"\b(?:on|using)\b", join.text, re.I) and "cross" not in join.keyword:
            result.append(("join_without_condition", join.table))
    if re.search(r"\bnot\s+in\s*\(\s*select\b", where, re.IGNORECASE):
        result.append(("not_in_null", "NOT IN"))
    if re.search(r"(?:=|<>|!=)\s*null\b", where, re.IGNORECASE):
        result.append(("equals_null", "NULL"))
    between = re.search(r"([\w.]+)\s+between\s+'[\d-]+'\s+and\s+'([\d-]+)'", where, re.IGNORECASE)
    if between:
        result.append(("between_dates", between.group(2)))
    if "limit" in by_kind and "order by" not in by_kind:
        result.append(("limit_unordered", "LIMIT"))
    if any("," in clause.text and "(" not in clause.text for clause in by_kind.get("from", [])):
        result.append(("comma_join", by_kind["from"][0].table))
    like = re.search(r"([\w.]+)\s+(?:i?like)\s+'%", where, re.IGNORECASE)
    if like:
        result.append(("leading_wildcard", like.group(1)))
    if re.match(r"(?:distinct\s+)?(?:\w+\.)?\*", select, re.IGNORECASE):
        result.append(("star", "*"))
    return result


def _alias(join: Clause) -> str:
    found = re.match(r"[\w.\"`]+(?:\s+as)?\s+(?!on\b|using\b)(\w+)", join.text, re.IGNORECASE)
    return found.group(1) if found else join.table
