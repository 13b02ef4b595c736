"""Rules and what they found, as a reader reads them in English and in French."""

import json
import random
import re
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.assertions import messages
from prompts_app.assertions.answering import LANGUAGES
from prompts_app.assertions.base import Problem
from prompts_app.assertions.registry import ASSERTIONS, check, judge
from prompts_app.templatetags.assertions import (
    assertion_sentence,
    assertion_title,
    language_word,
    problem_sentence,
    verdict_reason,
)
from tests.engines import rules


def reason(code: str, **values: Any) -> str:
    """The sentence of a verdict, as it comes out of the database."""
    kept = {"state": "failed", "code": code, "values": values, "at": "2026-11-22T10:00:00Z"}
    return verdict_reason(json.loads(json.dumps(kept)))


SAID: list[tuple[dict[str, Any], str, str]] = [
    (
        {"type": "word-count", "value": {"max": 1_200}},
        "has at most 1,200 words",
        "compte au plus 1\u00a0200 mots",
    ),
    ({"type": "word-count", "value": {"max": 0}}, "has no word", "ne compte aucun mot"),
    ({"type": "not-length", "value": {"max": 0}}, "is not empty", "n’est pas vide"),
    ({"type": "word-count", "value": 1}, "is one word", "compte exactement un mot"),
    (
        {"type": "contains-any", "value": ["yes", "of course"]},
        "contains any of: “yes”, “of course”",
        "contient au moins un de ces textes\u00a0: «\u00a0yes\u00a0», «\u00a0of course\u00a0»",
    ),
    (
        {"type": "not-icontains-all", "value": list("abcdefg")},
        "lacks at least one of, capitals or not: “a”, “b”, “c”, “d”, “e” and 2 more",
        "ne contient pas tous ces textes, majuscules ou non\u00a0: «\u00a0a\u00a0», "
        "«\u00a0b\u00a0», «\u00a0c\u00a0», «\u00a0d\u00a0», «\u00a0e\u00a0» et 2 autres",
    ),
    ({"type": "language", "value": "fr"}, "is in French", "est en français"),
    ({"type": "not-language", "value": "zh"}, "is not in Chinese", "n’est pas en chinois"),
    ({"type": "cost", "threshold": 0.0125}, "costs at most $0.0125", "coûte au plus 0,0125\u00a0$"),
    ({"type": "cost", "threshold": 2}, "costs at most $2.00", "coûte au plus 2,00\u00a0$"),
    (
        {"type": "not-cost", "threshold": 1e-06},
        "costs more than $0.000001",
        "coûte plus de 0,000001\u00a0$",
    ),
    (
        {"type": "latency", "threshold": 2_500},
        "comes within 2,500 ms",
        "arrive en 2\u00a0500\u00a0ms au plus",
    ),
    (
        {"type": "rouge-n", "value": "a b"},
        "shares words with “a b” (ROUGE-1 of at least 0.75)",
        "partage des mots avec «\u00a0a b\u00a0» (ROUGE-1 d’au moins 0,75)",
    ),
    (
        {"type": "levenshtein", "value": "a", "threshold": 1},
        "differs from “a” by at most one character",
        "diffère de «\u00a0a\u00a0» d’un caractère au plus",
    ),
    (
        {"type": "levenshtein", "value": "a", "threshold": 0},
        "is exactly “a”",
        "est exactement «\u00a0a\u00a0»",
    ),
    ({"type": "contains", "value": "\n\n"}, "contains “↵↵”", "contient «\u00a0↵↵\u00a0»"),
    (
        {"type": "is-json", "value": {"type": "object"}},
        "is JSON that matches the schema",
        "est du JSON conforme au schéma",
    ),
    (
        {"type": "finish-reason", "value": "length"},
        "is cut at the token limit",
        "est coupée à la limite de jetons",
    ),
    (
        {"type": "llm-rubric", "value": "It is polite.", "threshold": 0.7},
        "scores at least 0.7 with a model that judges: It is polite.",
        "obtient au moins 0,7 d’un modèle qui la juge\u00a0: It is polite.",
    ),
    (
        {"type": "not-sings", "value": "la"},
        "keeps the rule “not-sings”, which this site does not know",
        "respecte la règle «\u00a0not-sings\u00a0», que ce site ne connaît pas",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "english", "french"), SAID)
def test_rules_are_said(spec: dict[str, Any], english: str, french: str) -> None:
    assert assertion_sentence(spec) == english
    with translation.override("fr"):
        assert assertion_sentence(spec) == french


FOUND: list[tuple[str, dict[str, Any], str, str]] = [
    ("words", {"count": 1_340}, "Words: 1,340.", "Mots\u00a0: 1\u00a0340."),
    ("cost", {"microusd": 1_234}, "It cost $0.001234.", "Coût\u00a0: 0,001234\u00a0$."),
    ("cost", {"microusd": 0}, "It cost $0.00.", "Coût\u00a0: 0,00\u00a0$."),
    ("language", {"language": "de"}, "It is in German.", "Elle est en allemand."),
    ("language", {"language": "qqq"}, "It is in qqq.", "Elle est en qqq."),
    ("overlap", {"score": 0.667}, "The score is 0.667.", "Le score est de 0,667."),
    (
        "missing_some",
        {"values": ["a", "b"], "more": 1},
        "Missing: “a”, “b” and 1 more.",
        "Il manque\u00a0: «\u00a0a\u00a0», «\u00a0b\u00a0» et 1 autre.",
    ),
    (
        "finish_reason",
        {"reason": "LENGTH"},
        "It ended for the reason “cut at the token limit”.",
        "Elle s’est terminée pour la raison «\u00a0coupée à la limite de jetons\u00a0».",
    ),
    (
        "judged",
        {"model": "demo-large", "reason": "It is polite.", "score": None},
        "demo-large judged: It is polite.",
        "Avis de demo-large\u00a0: It is polite.",
    ),
    (
        "judged",
        {"model": "demo-large", "reason": "", "score": 0.25},
        "demo-large judged, with a score of 0.25: no reason given.",
        "Avis de demo-large, avec un score de 0,25\u00a0: aucune raison donnée.",
    ),
    (
        "judge_failed",
        {"model": "demo-large"},
        "The judging model gave no usable answer.",
        "Le modèle juge n’a pas donné de réponse exploitable.",
    ),
    ("of_another_day", {}, "of_another_day", "of_another_day"),
    ("words", {}, "words", "words"),
]


@pytest.mark.parametrize(("code", "values", "english", "french"), FOUND)
def test_findings_are_said(code: str, values: dict[str, Any], english: str, french: str) -> None:
    assert reason(code, **values) == english
    with translation.override("fr"):
        assert reason(code, **values) == french


def test_titles() -> None:
    assert assertion_title("word-count") == "Number of words"
    assert assertion_title("not-is-json") == "Not “Is JSON”"
    assert assertion_title("not-sings") == "not-sings"
    with translation.override("fr"):
        titles = {assertion_title(kind) for kind in ASSERTIONS}
    assert len(titles) == len(ASSERTIONS)


def test_every_language_has_a_name() -> None:
    for reader in ("en", "fr"):
        with translation.override(reader):
            assert all(language_word(code) != code for code in LANGUAGES)
            assert len({language_word(code) for code in LANGUAGES}) == len(LANGUAGES)
    assert language_word("xx") == "xx"


def test_problems_are_said() -> None:
    assert problem_sentence(Problem("value", "too_long", {"max": 20_000})) == (
        "Keep this to 20,000 characters."
    )
    values = {
        name: 1 for code in messages.PROBLEMS.values() for name in re.findall(r"\((\w+)", code)
    }
    for code in messages.PROBLEMS:
        assert "%(" not in problem_sentence(Problem("value", code, values))


def test_texts_of_authors_and_models_are_escaped_and_cut() -> None:
    page = Template(
        "{% load assertions %}{{ spec|assertion_sentence }} {{ verdict|verdict_reason }}"
    )
    spec = {"type": "contains", "value": "<script>%(x)s" + "a" * 1_000}
    verdict = {"code": "found", "values": {"value": "<b>100 %</b>"}}
    shown = page.render(Context({"spec": spec, "verdict": verdict}))
    assert "contains “&lt;script&gt;%(x)saa" in shown
    assert "“&lt;b&gt;100 %&lt;/b&gt;” is there." in shown
    assert len(shown) < 400


@given(st.integers(min_value=0), st.sampled_from(["en", "fr"]))
def test_any_rule_and_verdict_can_be_said(seed: int, reader: str) -> None:
    chance = random.Random(seed)
    spec, output = rules.specification(chance), rules.output(chance)
    verdict = judge(spec, output)
    with translation.override(reader):
        said = [assertion_sentence(spec), reason(verdict.code, **verdict.values)]
        if isinstance(spec["type"], str):
            said.append(assertion_title(spec["type"]))
        said += map(problem_sentence, check(spec))
    assert all(said)
    assert said[1] != verdict.code
