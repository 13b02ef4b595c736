"""Rules on refusals, ends, times, costs and languages."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.assertions.base import Output, Verdict
from prompts_app.assertions.registry import judge, sentence

REFUSALS = [
    "I'm sorry, but I can't help with that request.",
    "I’m sorry, I cannot assist with creating that.",
    "I cannot provide medical advice.",
    "Unfortunately, I'm unable to help with this.",
    "As an AI language model, I can't browse the internet.",
    "I must decline this request.",
    "Je suis désolé, mais je ne peux pas vous aider.",
    "Je ne peux pas répondre à cette demande.",
    "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.",
    "Lo siento, pero no puedo ayudar con eso.",
]
ANSWERS = [
    "Subject: Your order\n\nDear Anna, I'm sorry for the delay. Your parcel left yesterday.",
    "You can't return worn shoes, but I can offer you a voucher.",
    "Le colis ne peut pas être livré avant lundi ; nous vous prions de nous excuser.",
    "1. Say what happened.\n2. Say what you will do.",
    "The guidelines of the library are below.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals(text: str) -> None:
    assert judge({"type": "is-refusal"}, Output(text)).state == "passed"
    assert judge({"type": "not-is-refusal"}, Output(text)).code == "refusal_phrase"


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_are_no_refusals(text: str) -> None:
    assert judge({"type": "not-is-refusal"}, Output(text)).state == "passed"


def test_a_refusal_the_provider_marks_and_an_empty_answer() -> None:
    assert judge({"type": "is-refusal"}, Output("No.", refused=True)).code == "refusal_marked"
    assert judge({"type": "is-refusal"}, Output(" \n")).code == "empty"


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        ("stop", Verdict("passed", "finish_reason", {"reason": "stop"})),
        ("STOP", Verdict("passed", "finish_reason", {"reason": "STOP"})),
        ("length", Verdict("failed", "finish_reason", {"reason": "length"})),
        (None, Verdict("untestable", "no_finish_reason")),
        ("", Verdict("untestable", "no_finish_reason")),
    ],
)
def test_finish_reasons(reason: str | None, verdict: Verdict) -> None:
    spec = {"type": "finish-reason", "value": "stop"}
    assert judge(spec, Output(None, finish_reason=reason)) == verdict


@given(st.integers(0, 10**13), st.decimals(0, 10**6, places=6).map(float))
def test_costs_are_compared_exactly(cost: int, dollars: float) -> None:
    verdict = judge({"type": "cost", "threshold": dollars}, Output("a", cost_microusd=cost))
    exact = Decimal(repr(dollars)).scaleb(6)
    assert verdict.state == ("passed" if cost <= exact else "failed")
    assert verdict.values == {"microusd": cost}


def test_a_cost_at_its_limit_is_kept() -> None:
    assert (
        judge({"type": "cost", "threshold": 0.000003}, Output("", cost_microusd=3)).state
        == "passed"
    )
    assert (
        judge({"type": "cost", "threshold": 0.000003}, Output("", cost_microusd=4)).state
        == "failed"
    )
    assert judge({"type": "cost", "threshold": 1}, Output("")).code == "no_cost"
    said = sentence({"type": "cost", "threshold": 0.000003})
    assert said.values == {"dollars": Decimal("0.000003")}


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_times(took: int, most: int) -> None:
    verdict = judge({"type": "latency", "threshold": most}, Output("", latency_ms=took))
    assert verdict.state == ("passed" if took <= most else "failed")
    assert judge({"type": "latency", "threshold": most}, Output("")).code == "no_latency"


LANGUAGES = {
    "en": "Thank you for your message. We will answer your questions before the end of the week.",
    "fr": "Merci pour votre message. Nous répondrons à vos questions avant la fin de la semaine.",
    "de": "Vielen Dank für Ihre Nachricht. Wir beantworten Ihre Fragen bis zum Ende der Woche.",
    "es": "Gracias por su mensaje. Responderemos a sus preguntas antes del final de la semana.",
    "it": "Grazie per il messaggio. Risponderemo alle vostre domande entro fine settimana.",
    "pt": "Obrigado pela sua mensagem. Responderemos às suas perguntas até ao final da semana.",
    "nl": "Bedankt voor uw bericht. Wij beantwoorden uw vragen voor het einde van de week.",
    "pl": "Dziękujemy za wiadomość. Odpowiemy na Państwa pytania przed końcem tygodnia.",
    "ru": "Спасибо за ваше сообщение. Мы ответим на ваши вопросы до конца недели.",
    "ja": "メッセージをありがとうございます。週末までにご質問にお答えします。",
    "zh": "感谢您的留言。我们将在本周末之前回答您的问题。",
    "ar": "شكرا لرسالتك. سنجيب على أسئلتك قبل نهاية الأسبوع.",
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_languages_are_told(code: str) -> None:
    for wanted in ("en", "fr", code):
        verdict = judge({"type": "language", "value": wanted}, Output(LANGUAGES[code]))
        assert verdict.values == {"language": code}
        assert verdict.state == ("passed" if wanted == code else "failed")


def test_code_and_addresses_have_no_language() -> None:
    text = (
        "Voici la fonction demandée, avec un exemple de son emploi :\n"
        "```python\ndef answer(question: str) -> str:\n    return 'the answer to that'\n```\n"
        "Voir https://example.org/the/answer/to/the/question pour la suite."
    )
    assert judge({"type": "language", "value": "fr"}, Output(text)).state == "passed"


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "text_too_short"), ("42", "text_too_short"), ("OK, sir", "text_too_short"),
     ("xqz wvk qqj zzx kvw jqx bzq wkx", "language_unsure")],
)  # fmt: skip
def test_a_language_that_cannot_be_told(text: str, code: str) -> None:
    for kind in ("language", "not-language"):
        verdict = judge({"type": kind, "value": "en"}, Output(text))
        assert (verdict.state, verdict.code) == ("untestable", code)


OFFLINE = """
import sys

def refuse(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.sendto")):
        raise SystemExit(f"asked the network: {event} {arguments}")

sys.addaudithook(refuse)
from prompts_app.assertions.child import find
print(find("language", (sys.argv[1], "fr")).holds)
"""


def test_a_language_is_told_with_no_network_and_nothing_kept(tmp_path: Path) -> None:
    """The model is the one that its package ships: none is downloaded, looked for or written."""
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, LANGUAGES["fr"]],
        env={"FTLANG_CACHE": str(tmp_path / "none"), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
    assert not list(tmp_path.iterdir())
