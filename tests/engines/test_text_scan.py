"""What should not become public is found, and an author is not warned of what is nothing."""

import csv
import os
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from prompts_app.text.scan import MAX_FOUND, SECRETS, scan

PORTFOLIO = Path(__file__).parents[2] / "prompts_app/demo/portfolio"
MIXED = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW0xY" * 4
HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 4

# In pieces: whole ones would set off every scanner that reads this file.
KEYS = {
    "private_key": "-----BEGIN RSA PRI" + "VATE KEY-----\nMIIEow\n-----END",
    "putty_key": "PuTTY-User-" + "Key-File-2: ssh-rsa",
    "age_key": "AGE-SECRET-" + "KEY-1" + MIXED[:58].upper(),
    "anthropic": "sk-" + "ant-api03-" + MIXED[:40],
    "openrouter": "sk-" + "or-v1-" + HEX[:64],
    "langfuse": "sk-" + "lf-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    "openai": "sk-" + "proj-" + MIXED[:48],
    "groq": "gsk" + "_" + MIXED[:52],
    "xai": "xai" + "-" + MIXED[:80],
    "perplexity": "pplx" + "-" + MIXED[:48],
    "hugging_face": "hf" + "_" + MIXED[:34],
    "replicate": "r8" + "_" + MIXED[:37],
    "google": "AI" + "za" + MIXED[:35],
    "aws": "AK" + "IA" + "Q3T7ZB5XWN2LRP6K",
    "azure": "Account" + "Key=" + MIXED[:86] + "==",
    "github": "gh" + "p_" + MIXED[:36],
    "gitlab": "gl" + "pat-" + MIXED[:20],
    "slack": "xo" + "xb-" + "2094857201-" + MIXED[:24],
    "discord": "https://discord.com/api/" + "webhooks/109283746501928374/" + MIXED[:68],
    "telegram": "618273940" + ":AA" + MIXED[:33],
    "stripe": "sk" + "_live_" + MIXED[:24],
    "sendgrid": "SG" + "." + MIXED[:22] + "." + MIXED[:43],
    "npm": "npm" + "_" + MIXED[:36],
    "pypi": "pypi" + "-AgE" + MIXED[:70],
    "digitalocean": "dop" + "_v1_" + HEX[:64],
    "shopify": "shp" + "at_" + HEX[:32],
    "databricks": "da" + "pi" + HEX[:32],
    "notion": "ntn" + "_" + MIXED[:46],
    "linear": "lin" + "_api_" + MIXED[:40],
    "jwt": "ey" + "JhbGciOiJIUzI1." + "ey" + "JzdWIiOiIxMjM0." + MIXED[:43],
    "url_password": "postgres://anna:" + "h4rdT0guess@" + "db.internal/x",
    "bearer": "Authorization: Bea" + "rer " + MIXED[:32],
    "named": "API_" + "KEY = '" + MIXED[:32] + "'",
}


@pytest.mark.parametrize("shape", SECRETS)
def test_each_shape_is_found_in_its_place_and_never_shown_whole(shape: str) -> None:
    before = "You are kind.\nUse this: "
    (find,) = scan(f"{before}{KEYS[shape]}\nand nothing else.")
    assert (find.kind, find.shape, find.line) == ("secret", shape, 2)
    assert find.start >= len(before)
    assert MIXED[8:24] not in find.shown
    assert HEX[8:24] not in find.shown


@pytest.mark.parametrize(
    "text",
    [
        "sk-" + "x" * 40,
        "AK" + "IAIOSFODNN7EXAMPLE",
        "API_KEY=your-api-key-goes-here-1234",
        "api_key: {{ key_of_the_customer_1 }}",
        "token: a-name-made-of-words-only",
        "password: correct horse battery staple",
        "task-based-learning-for-people-who-like-long-words-in-a-row",
        "postgres://user:password@localhost… is the shape",
        "write to somebody@example.org or me@shop.test",
        "git@github.com:me/it.git",
        "@media (width < 40rem) and a@b",
        "Call 555-0123 or +1 415 555-0123.",
        "06 39 98 12 34",
        "On 2026-02-06 at 12:30, invoice 2026-000123, ISBN 978-2-07-036024-5.",
        "1761815388187 or 3.14159265358979 or 10.0.0.1 or 1,234,567,890",
        "🛡️ 👁️ 1️⃣ ⚖️ 👩‍👩‍👧 🏴󠁧󠁢󠁳󠁣󠁴󠁿 ❤️‍🔥",
        "می‌خواهم क्‍ष ‏שלום, world‎",
        "葛󠄀 is a name",
    ],
)
def test_stand_ins_and_ordinary_signs_are_nothing(text: str) -> None:
    assert scan(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "shape", "shown"),
    [
        ("Ask anna.b+x@firm.co.uk, she knows.", "email", "email", "anna.b+x@firm.co.uk"),
        ("Tel. +33 6 71 84 29 35", "phone", "phone", "+33 6 71 84 29 35"),
        ("+49 (30) 901820 is Berlin", "phone", "phone", "+49 (30) 901820"),
        ("01.42.27.65.98", "phone", "phone", "01.42.27.65.98"),
        ("(415) 867-5309", "phone", "phone", "(415) 867-5309"),
        ("in\u200bvisible", "hidden", "zero_width", "U+200B"),
        ("la\u200dtin", "hidden", "zero_width", "U+200D"),
        ("a\u202eb", "hidden", "bidi", "U+202E"),
        ("a left-to-right mark\u200e", "hidden", "bidi", "U+200E"),
        ("a" + "".join(chr(0xE0000 + ord(c)) for c in "hi"), "hidden", "tags", "U+E0068 U+E0069"),
        ("😀\ufe01\ufe02", "hidden", "selectors", "U+FE01 U+FE02"),
        ("a\U000e0121", "hidden", "selectors", "U+E0121"),
    ],
)
def test_addresses_and_hidden_characters_are_found(
    text: str, kind: str, shape: str, shown: str
) -> None:
    (find,) = scan(text)
    assert (find.kind, find.shape, find.shown) == (kind, shape, shown)


@given(st.text(), st.sampled_from(sorted(KEYS)), st.text())
def test_a_key_is_found_whatever_stands_around_it(before: str, shape: str, after: str) -> None:
    before, after = before[-40:] + " \n", "\n " + after[:40]
    text = before + KEYS[shape] + after
    here = len(before)
    assert any(here <= one.start < here + len(KEYS[shape]) for one in scan(text))


@given(st.text(max_size=400))
def test_places_are_true_and_do_not_overlap(text: str) -> None:
    end = 0
    for find in scan(text):
        assert end <= find.start < find.end <= len(text)
        assert find.line == text[: find.start].count("\n") + 1
        end = find.end


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "+1 ",
            "sk-",
            "a.",
            "key",
            "token=",
            "api_key",
            "://",
            "a://",
            "a@",
            "a@b.",
            "0",
            "a-",
        ),
        *(
            "+(1)",
            "eyJ",
            "eyJaaaaaaaaaa.",
            "1234567:AA",
            "-----BEGIN ",
            "\u200b",
            "\u200ea",
            "A" * 99,
        ),
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()
    found = scan(piece * (600_000 // len(piece)))
    assert time.process_time() - began < 1
    assert len(found) <= MAX_FOUND


def test_the_sample_portfolio_sets_off_no_alarm() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PORTFOLIO.glob("*.yaml")]
    assert len(texts) > 5
    assert [scan(text) for text in texts] == [[] for _text in texts]
    # As it is read, too: escapes of the file are characters then.
    assert [scan(str(yaml.safe_load(text))) for text in texts] == [[] for _text in texts]


def test_prompts_that_others_wrote_set_off_few_alarms() -> None:
    folder = os.environ.get("PROMPT_SAMPLES")
    if not folder:
        pytest.skip("PROMPT_SAMPLES does not say where samples are")
    path = Path(folder) / "prompts_chat/prompts.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        prompts = [row["prompt"] for row in csv.DictReader(lines)]
    alarmed = [prompt for prompt in prompts if scan(prompt)]
    assert len(prompts) > 200
    assert len(alarmed) <= len(prompts) // 100
