"""What can be taken along: every counted run, whole, and the tests for promptfoo."""

import csv
import io
import json
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from prompts_app.models import Entry, Run
from prompts_app.services import cases
from prompts_app.services.results import FIELDS
from tests import factories
from tests.engines.test_transfer_csv_cells import unguarded
from tests.views.test_evidence import CONSTRAINTS, address, engineered, rich, two_versions

pytestmark = pytest.mark.django_db

NASTY = ["=1+1", "+2", "-3", "@x", "\t=4", "'=5", "'quoted", 'say "x", or;y\nz', "é 😀", ""]


def fetched(client: Client, entry: Entry, below: str, query: str = "") -> bytes:
    response = client.get(address(entry, query, below=below))
    assert response.status_code == 200
    assert response["X-Robots-Tag"] == "noindex"
    assert "attachment" in response["Content-Disposition"]
    return response.getvalue()


def rows(data: bytes) -> list[dict[str, str]]:
    text = data.decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def with_runs() -> tuple[Entry, list[Run]]:
    """Return an entry with answers of all kinds, and the runs of its version, then its baseline."""
    entry, first, second = two_versions()
    case, gone = factories.case(entry, "=HYPERLINK(1)"), factories.case(entry, "Gone")
    runs = [factories.run(second, case, output=output, repeat=n) for n, output in enumerate(NASTY)]
    runs.append(factories.run(second, gone, output="good", hidden=True, prompt_tokens=None))
    runs.append(
        factories.run(
            second, gone, state=Run.State.FAILED, attempts=2, output="", error_code="silent"
        )
    )
    runs.append(factories.run(second, case, output="good", is_demo=True))
    runs.append(factories.run(first, case, output="bad, and six words of it"))
    # None of these counts.
    factories.run(second, case, output="pasted", origin=Run.Origin.PASTED)
    factories.run(second, case, state=Run.State.FAILED, output="", error_code="budget")
    cases.withdraw_case(gone)
    return factories.judged(entry), runs


def test_csv_and_json_hold_every_counted_run(client: Client) -> None:
    entry, runs = with_runs()
    table = rows(fetched(client, entry, "results.csv"))
    document = json.loads(fetched(client, entry, "results.json"))
    wanted = [str(run.pk) for run in runs]
    assert [row["id"] for row in table] == wanted
    assert [row["prompt"] for row in table] == ["version"] * (len(runs) - 1) + ["baseline"]
    found = document["runs"] + document["baseline"]["runs"]
    assert [row["id"] for row in found] == wanted
    assert document["version"] == 2
    assert [one["text"] for one in document["constraints"]] == [one["text"] for one in CONSTRAINTS]
    assert document["constraints"][0]["assertion"] == CONSTRAINTS[0]["assertion"]
    assert document["constraints"][2]["assertion"] is None
    names = [f"constraint {n}: {one['text']}" for n, one in enumerate(CONSTRAINTS, 1)]
    for line, row in zip(table, found, strict=True):
        assert [line[name] for name in names] == row["states"]
        for name in FIELDS:
            assert unguarded(line[name]) == as_text(row[name]), name
        assert line["url"] == row["url"]


def test_the_gain_can_be_counted_again(client: Client) -> None:
    entry, _found = rich()
    document = json.loads(fetched(client, entry, "results.json"))
    assert (document["version"], document["baseline"]["version"]) == (2, 1)
    assert document["baseline"]["content_hash"] != document["content_hash"]
    old = [row["states"] for row in document["baseline"]["runs"]]
    assert old == [["failed", "failed", "stated"]] * 6
    new = [row["states"] for row in document["runs"]]
    assert sum(states[0] == "passed" for states in new) == 7
    # Of the baseline itself there is nothing to be measured against.
    alone = json.loads(fetched(client, entry, "results.json", "?version=1"))
    assert (len(alone["runs"]), alone["baseline"]) == (6, None)


def as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_what_is_hidden_is_there_without_its_answer(client: Client) -> None:
    entry, _runs = with_runs()
    document = json.loads(fetched(client, entry, "results.json"))
    (hidden,) = [row for row in document["runs"] if row["hidden"]]
    assert hidden["output"] is None
    assert hidden["url"] == ""
    assert hidden["states"] == ["passed", "passed", "stated"]
    assert hidden["case_withdrawn"]
    (failed,) = [row for row in document["runs"] if not row["answered"]]
    assert (failed["error"], failed["states"]) == ("silent", ["", "", ""])


def test_a_link_leads_to_the_run(client: Client) -> None:
    entry, runs = with_runs()
    first = json.loads(fetched(client, entry, "results.json"))["runs"][0]
    assert first["url"] == f"http://localhost:8000/runs/{runs[0].pk}/"
    assert first["cost_microusd"] == 1200


def test_no_cell_of_the_table_is_a_formula(client: Client) -> None:
    entry, _runs = with_runs()
    for row in rows(fetched(client, entry, "results.csv")):
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_large_answers_are_read_in_pieces(client: Client) -> None:
    entry, _first, second = two_versions()
    case = factories.case(entry)
    for number in range(5):
        factories.run(second, case, output=f"{number}" * 900_000)
    with CaptureQueriesContext(connection) as queries:
        table = json.loads(fetched(client, entry, "results.json"))["runs"]
    assert [row["output"][0] for row in table] == list("01234")
    pieces = [one for one in queries if "output" in one["sql"] and " IN (" in one["sql"]]
    assert len(pieces) == 2


def test_without_runs_the_files_are_empty_and_whole(client: Client) -> None:
    entry, _first, _second = two_versions()
    assert rows(fetched(client, entry, "results.csv")) == []
    assert json.loads(fetched(client, entry, "results.json"))["runs"] == []


def test_downloads_are_kept_nowhere(client: Client) -> None:
    entry, _runs = with_runs()
    for below in ("results.csv", "results.json"):
        response = client.get(address(entry, below=below))
        assert response["Cache-Control"] == "private, no-store"
        assert response.streaming


def test_the_tests_for_promptfoo(client: Client) -> None:
    entry, _first, _second = two_versions(title="Invoices {{ x }}")
    language = {"text": "Speaks French", "assertion": {"type": "language", "value": "fr"}}
    version = factories.version(
        entry,
        engineered(
            messages=[
                {"role": "system", "content": "Be {{ env }}. \\{{ text }}"},
                {"role": "user", "content": "{{ text }}"},
            ],
            variables=[factories.variable("text"), factories.variable("env", default="good")],
            constraints=[*CONSTRAINTS, language],
            parameters={"temperature": 0.5},
        ),
    )
    case = factories.case(entry, "One", values={"text": "{{ env.HOME }}"})
    cases.withdraw_case(factories.case(entry, "Gone"))
    for model, host in (
        *(("gpt-x", "api.openai.com"), ("mistral-x", "api.mistral.ai")),
        *(("own", "10.0.0.1"), ("demo-large", "127.0.0.1")),
    ):
        factories.run(
            version, case, output="good", model_asked=model, provider_host=host,
            is_demo=model == "demo-large",
        )  # fmt: skip
    factories.judged(entry)
    text = fetched(client, entry, "promptfooconfig.yaml").decode()
    file = yaml.safe_load(text)
    assert [one["id"] for one in file["providers"]] == [
        "openai:chat:gpt-x",
        "openai:chat:mistral-x",
        "openai:chat:own",
    ]
    config = file["providers"][1]["config"]
    assert config["apiBaseUrl"] == "https://api.mistral.ai/v1"
    assert config["apiKeyEnvar"] == "MISTRAL_API_KEY"
    assert "apiBaseUrl" not in file["providers"][2]["config"]
    assert "10.0.0.1" not in text
    assert [one["description"] for one in file["tests"]] == ["One"]
    assert [one["label"] for one in file["prompts"]] == ["version 3", "version 1"]
    naive = json.loads(file["prompts"][1]["raw"])
    assert naive[0]["content"] == "Naive. {{ text | load }}"
    assert "# Version 1 has parameters of its own; here it gets those of version 3." in text
    sent = json.loads(file["prompts"][0]["raw"])
    assert sent[0]["content"] == 'Be {{ variable_1 }}. {{ "{" }}{ text }}'
    assert sent[1]["content"] == "{{ text | load }}"
    assert json.loads(file["tests"][0]["vars"]["text"]) == "{{ env.HOME }}"
    assert file["tests"][0]["vars"]["variable_1"] == "good"
    assert [one["type"] for one in file["defaultTest"]["assert"]] == ["contains", "word-count"]
    assert "# Not tested here: Is kind" in text
    assert "# Not tested here: Speaks French" in text


def test_promptfoo_without_cases_takes_the_defaults(client: Client) -> None:
    variables = [factories.variable("text", default="by default")]
    entry = factories.entry(content=engineered(variables=variables))
    file = yaml.safe_load(fetched(client, entry, "promptfooconfig.yaml"))
    assert file["tests"] == [{"description": "defaults", "vars": {"text": "by default"}}]
    assert file["providers"][0]["id"] == "openai:chat:MODEL"


def test_pictures_are_nothing_for_promptfoo(client: Client) -> None:
    entry = factories.entry(content=engineered(kind="image"))
    assert client.get(address(entry, below="promptfooconfig.yaml")).status_code == 404
    assert "promptfoo" not in client.get(address(entry)).content.decode()
