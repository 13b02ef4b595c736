"""SQL explained from its clauses, for people who read SQL and for people who do not."""

from __future__ import annotations

import re

from prompts_app.demo.rules.prompt import Prompt, cut, words
from prompts_app.demo.rules.sql_reading import Clause, clauses, traps

SIGNS = (
    r"\bsql\b",
    r"\bquer(?:y|ies)\b|requête",
    r"expla[in]|expliqu",
    r"database|base de données",
)

_TECHNICAL = {
    "en": {
        "with": "Builds the named intermediate result {table}.",
        "from": "FROM: reads the rows of {table}.",
        "join": "{keyword}: adds the rows of {table} where {on}.",
        "left": "LEFT JOIN: adds {table} where {on}; rows without a match stay, as NULL.",
        "where": "WHERE: keeps the rows where {code}.",
        "only": "WHERE: concerns only the rows where {code}.",
        "group by": "GROUP BY: makes one group for each {code}.",
        "having": "HAVING: keeps the groups where {code}.",
        "select": "SELECT: returns {code}.",
        "union": "UNION: appends the rows of a second query.",
        "order by": "ORDER BY: sorts by {code}.",
        "limit": "LIMIT: returns at most {text} rows.",
        "offset": "OFFSET: skips the first {text} rows.",
        "update": "UPDATE: changes rows of {table}.",
        "set": "SET: writes {code}.",
        "delete from": "DELETE: removes rows of {table}.",
        "insert into": "INSERT: adds rows to {table}.",
        "values": "VALUES: takes {code}.",
        "returning": "RETURNING: reports {code}.",
    },
    "fr": {
        "with": "Construit le résultat intermédiaire {table}.",
        "from": "FROM : lit les lignes de {table}.",
        "join": "{keyword} : ajoute les lignes de {table} où {on}.",
        "left": "LEFT JOIN : ajoute {table} où {on} ; sans correspondance, la ligne reste.",
        "where": "WHERE : garde les lignes où {code}.",
        "only": "WHERE : ne concerne que les lignes où {code}.",
        "group by": "GROUP BY : forme un groupe par {code}.",
        "having": "HAVING : garde les groupes où {code}.",
        "select": "SELECT : renvoie {code}.",
        "union": "UNION : ajoute les lignes d’une seconde requête.",
        "order by": "ORDER BY : trie selon {code}.",
        "limit": "LIMIT : renvoie au plus {text} lignes.",
        "offset": "OFFSET : saute les {text} premières lignes.",
        "update": "UPDATE : modifie des lignes de {table}.",
        "set": "SET : écrit {code}.",
        "delete from": "DELETE : supprime des lignes de {table}.",
        "insert into": "INSERT : ajoute des lignes à {table}.",
        "values": "VALUES : prend {code}.",
        "returning": "RETURNING : rapporte {code}.",
    },
}
_PLAIN = {
    "with": "Prepares an intermediate result called {table}.",
    "from": "Starts with everything in {table}.",
    "join": "Matches each line with {table}.",
    "left": "Looks up {table} for each line, keeping lines that have none.",
    "where": "Keeps only lines that meet the condition on {names}.",
    "only": "Limits this to lines that meet the condition on {names}.",
    "group by": "Puts lines with the same {names} together.",
    "having": "Keeps only groups that meet the group condition.",
    "select": "Reports {names}.",
    "union": "Adds the lines of a second question.",
    "order by": "Sorts the result by {names}.",
    "limit": "Stops after {text} lines.",
    "offset": "Skips the first {text} lines.",
    "update": "Opens {table} for a change.",
    "set": "Writes new values to {names}.",
    "delete from": "Opens {table} to remove lines.",
    "insert into": "Opens {table} to add lines.",
    "values": "Takes the values given.",
    "returning": "Reports what was changed.",
}
_TRAPS = {
    "en": {
        "no_condition": "no condition limits the change, so every row of `{0}` is affected.",
        "left_join_undone": "the condition on `{0}` comes after the join and drops the rows "
        "without a match that the join was meant to keep.",
        "join_without_condition": "`{0}` is joined without a condition, so every row meets every "
        "other.",
        "not_in_null": "if the inner list holds one empty value (NULL), the result is empty.",
        "equals_null": "a comparison with NULL is never true, so no row passes.",
        "between_dates": "the range ends at the start of '{0}'; times later that day are left out "
        "if the column holds a time.",
        "limit_unordered": "the number of rows is limited without an order, so which rows come "
        "back is left to chance.",
        "comma_join": "tables separated by a comma meet in every combination unless a condition "
        "ties them.",
        "leading_wildcard": "the pattern on `{0}` starts with a wildcard, so an ordinary index "
        "cannot help.",
        "star": "all columns are returned, so the result changes when a table does.",
    },
    "fr": {
        "no_condition": "aucune condition ne limite le changement : toutes les lignes de `{0}` "
        "sont touchées.",
        "left_join_undone": "la condition sur `{0}` vient après la jointure et retire les lignes "
        "sans correspondance qu’elle devait garder.",
        "join_without_condition": "`{0}` est joint sans condition : chaque ligne rencontre toutes "
        "les autres.",
        "not_in_null": "si la liste intérieure contient une valeur vide (NULL), le résultat est "
        "vide.",
        "equals_null": "une comparaison avec NULL n’est jamais vraie : aucune ligne ne passe.",
        "between_dates": "l’intervalle finit au début du '{0}' ; la suite de ce jour est perdue si "
        "la colonne contient une heure.",
        "limit_unordered": "le nombre de lignes est limité sans tri : le hasard choisit.",
        "comma_join": "des tables séparées par une virgule se combinent toutes, sauf condition.",
        "leading_wildcard": "le motif sur `{0}` commence par un joker : un index ordinaire n’aide "
        "pas.",
        "star": "toutes les colonnes sont renvoyées : le résultat change avec les tables.",
    },
}
_WORDS = {
    "en": ("In one sentence:", "Step by step:", "Watch out:", "nothing in particular",
           "This is not an SQL query, so there is nothing to explain."),
    "fr": ("En une phrase :", "Étape par étape :", "Attention :", "rien de particulier",
           "Ce texte n’est pas une requête SQL : il n’y a rien à expliquer."),
}  # fmt: skip
# Traps a quick reading misses: they need two clauses to be seen together.
_SUBTLE = frozenset(("left_join_undone", "not_in_null", "between_dates"))
_KEYWORDS = frozenset(
    ("and", "or", "as", "not", "in", "is", "null", "between", "like", "ilike", "desc", "asc", "on",
     "distinct", "case", "when", "then", "else", "end", "interval", "select", "from", "where",
     "count", "sum", "avg", "min", "max", "date", "true", "false", "exists", "any", "all", "over",
     "partition", "by", "coalesce", "using", "round", "lower", "upper", "extract", "year", "month")
)  # fmt: skip


def answer(prompt: Prompt, *, careful: bool) -> str:
    """Explain the query the way the prompt asks, or keyword by keyword when it asks nothing."""
    if prompt.order_in_data and not prompt.data_only:
        return prompt.order_in_data[:1].upper() + prompt.order_in_data[1:] + "."
    query = prompt.data or prompt.instructions
    found = clauses(query)
    if not prompt.says(r"step by step|étape par étape|numbered list|liste numérotée"):
        return _lecture(query, found)
    if not found:
        if prompt.says(r"not sql|pas (?:du |une requête )?sql"):
            return _WORDS[prompt.language][4]
        return _lecture(query, found)
    return _explanation(prompt, found, careful=careful)


def _explanation(prompt: Prompt, found: list[Clause], *, careful: bool) -> str:
    language = prompt.language
    sentence_title, steps_title, traps_title, nothing, _ = _WORDS[language]
    plain = language == "en" and prompt.says(r"(?:to|for) a product manager, who")
    head = f"{sentence_title} {_sentence(found, language)}"
    changes = any(clause.kind in ("update", "delete from") for clause in found)
    steps = [
        f"{number}. {_step(clause, language, plain=plain and careful, changes=changes)}"
        for number, clause in enumerate(found, start=1)
    ]
    tail = ""
    if prompt.says(r"watch out|attention"):
        named = [
            _TRAPS[language][code].format(about)
            for code, about in traps(found)
            if careful or code not in _SUBTLE
        ][:3]
        tail = f"\n\n{traps_title}" + (
            "\n" + "\n".join(f"- {trap[:1].upper()}{trap[1:]}" for trap in named)
            if named
            else f" {nothing}"
        )
    limit = prompt.word_limit
    # A warning is worth more than the last step when there is no room for both.
    room = None if limit is None else limit - len(words(head + " " + steps_title + tail))
    body = "\n".join(steps)
    if room is not None and len(words(body)) > room:
        body = cut(body, max(room, 1))
    text = f"{head}\n\n{steps_title}\n{body}{tail}"
    return text if limit is None or len(words(text)) <= limit else cut(text, limit)


def _names(text: str) -> list[str]:
    bare = re.sub(r"'(?:[^']|'')*'", " ", text)
    found = re.findall(r"\b[A-Za-z_][\w.]*+(?!\s*\()", bare)
    return list(dict.fromkeys(name for name in found if name.lower() not in _KEYWORDS))


def _outputs(text: str) -> list[str]:
    """The names of the columns a SELECT returns: the alias where there is one."""
    items = re.split(r",(?![^(]*\))", text)
    found = [
        name
        for item in items
        for name in re.findall(r"\bas\s+(\w+)", item, re.I)[-1:] or _names(item)
    ]
    return list(dict.fromkeys(found))


def _listed(names: list[str], last: str) -> str:
    quoted = [f"`{name}`" for name in names[:4]]
    if len(quoted) < 2:
        return quoted[0] if quoted else "every column"
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def _sentence(found: list[Clause], language: str) -> str:
    kinds = {clause.kind: clause for clause in found}
    last = "and" if language == "en" else "et"
    tables = [clause.table for clause in found if clause.kind in ("from", "join")]
    for kind, english, french in (
        ("update", "changes {0} in `{1}`", "modifie {0} dans `{1}`"),
        ("delete from", "deletes rows from `{1}`", "supprime des lignes de `{1}`"),
        ("insert into", "adds rows to `{1}`", "ajoute des lignes à `{1}`"),
    ):
        if kind in kinds:
            changed = kinds.get("set", kinds[kind])
            form = english if language == "en" else french
            names = _names(changed.text.partition("=")[0])
            return form.format(_listed(names, last), kinds[kind].table) + "."
    shown = _listed(_outputs(kinds["select"].text), last)
    places = _listed(tables, last) if tables else ("no table" if language == "en" else "rien")
    grouped = kinds.get("group by")
    if language == "fr":
        by = f", une ligne par {_listed(_names(grouped.text), last)}" if grouped else ""
        return f"renvoie {shown} à partir de {places}{by}."
    by = f", one line for each {_listed(_names(grouped.text), last)}" if grouped else ""
    return f"returns {shown} from {places}{by}."


def _step(clause: Clause, language: str, *, plain: bool, changes: bool) -> str:
    key = "left" if clause.keyword.startswith("left") else clause.kind
    if key == "where" and changes:
        key = "only"
    form = (_PLAIN if plain else _TECHNICAL[language])[key]
    last = "and" if language == "en" else "et"
    condition = re.search(r"\b(?:on|using)\b\s*(.+)", clause.text, re.IGNORECASE)
    return form.format(
        keyword=clause.keyword.upper(),
        table=f"`{clause.table}`" if clause.table != "a subquery" else clause.table,
        code=f"`{clause.text}`",
        text=clause.text,
        names=_listed(_names(clause.text), last),
        on=f"`{condition.group(1)}`" if condition else "…",
    )


def _lecture(query: str, found: list[Clause]) -> str:
    """The talk a bare "explain" gets: keywords, a guess at the purpose, a rewrite."""
    table = next((c.table for c in found if c.kind in ("from", "update", "delete from")), "data")
    lines = [
        f"- `{clause.keyword.upper()}`: this keyword is used to work with `{clause.table}`."
        for clause in found
    ] or ["- The query asks the database a question and returns the answer."]
    shown = query.strip()[:600]
    return (
        "Great question! Let's break down this SQL query.\n\n"
        f"```sql\n{shown}\n```\n\n"
        "**What each keyword does**\n\n" + "\n".join(lines) + "\n\n"
        f"**Purpose:** this query is most likely used in a monthly dashboard about {table}, so "
        "that managers can follow how the business is doing.\n\n"
        "**Optimised version**\n\n"
        f"```sql\n{shown.rstrip(' ;')}\nLIMIT 100;\n```\n\n"
        "I hope this helps! Would you like to learn more about SQL?"
    )
