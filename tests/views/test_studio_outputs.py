"""Outputs of a version in the studio: run now, paste, upload; cancel, retry, hide, delete."""

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from prompts_app.llm.types import ChatCall
from prompts_app.models import Entry, Evaluation, LLMModel, Picture, Run
from prompts_app.services import calls, captures, judging, versions
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(client: Client) -> Entry:
    """A published entry with one variable, whose author is signed in."""
    made = factories.entry()
    client.force_login(made.owner)
    return made


def address(entry: Entry) -> str:
    """Return the address of the outputs page."""
    return reverse("studio_outputs", args=[entry.slug])


def of(run: Run, name: str) -> str:
    """Return an address under an output."""
    return reverse(name, args=[run.version.entry.slug, run.pk])


def model_of(entry: Entry, name: str = "model-a", **fields: object) -> LLMModel:
    """Return a model of the author's own."""
    provider = entry.owner.providers.first() or factories.provider(entry.owner)
    return factories.model(provider, name, **fields)


def test_before_the_first_version_the_page_says_what_to_do(client: Client) -> None:
    entry = factories.entry(published=False)
    client.force_login(entry.owner)
    assert "Publish the first one." in client.get(address(entry)).content.decode()
    assert client.post(address(entry), {"do": "run"}).status_code == 404


def test_without_models_or_cases_the_page_says_what_to_do(client: Client, entry: Entry) -> None:
    assert "You have no model yet." in client.get(address(entry)).content.decode()
    model_of(entry)
    assert "add a test case to run it on" in client.get(address(entry)).content.decode()


def test_every_case_runs_on_every_model_and_the_price_is_said_before(
    client: Client, entry: Entry
) -> None:
    models = [model_of(entry, name) for name in ("model-a", "model-b")]
    cases = [factories.case(entry, f"Case {number}") for number in (1, 2)]
    page = client.get(address(entry))
    assert page.content.decode().count("at most $") == 2
    response = client.post(
        address(entry),
        {
            "do": "run",
            "models": [model.pk for model in models],
            "cases": [case.pk for case in cases],
        },
    )
    assert response.status_code == 302
    runs = Run.objects.filter(version=entry.published)
    assert {(run.model_asked, run.case) for run in runs} == {
        (model.name, case) for model in models for case in cases
    }
    assert {(run.state, run.origin) for run in runs} == {("waiting", "captured")}
    shown = client.get(address(entry)).content.decode()
    assert "Waiting for model-a" in shown
    assert "every 2s" in shown
    assert "No worker is running" in shown
    captures.report_worker()
    assert "No worker is running" not in client.get(address(entry)).content.decode()


def test_an_older_version_is_run_with_its_own_variables(client: Client, entry: Entry) -> None:
    factories.version(
        entry,
        factories.content(
            "{{ text }} {{ tone }}",
            variables=[factories.variable("text"), factories.variable("tone", default="dry")],
        ),
    )
    case = factories.case(entry, values={"text": "A text", "gone": "x"})
    wanted = {"do": "run", "models": [model_of(entry).pk], "cases": [case.pk]}
    client.post(address(entry) + "?version=1", wanted)
    client.post(address(entry) + "?version=2", wanted)
    assert entry.versions.get(number=1).runs.get().values == {"text": "A text"}
    assert entry.versions.get(number=2).runs.get().values == {"text": "A text", "tone": "dry"}


def test_a_prompt_without_variables_needs_no_case(client: Client) -> None:
    entry = factories.entry(content=factories.content("Tell a joke."))
    client.force_login(entry.owner)
    model = model_of(entry)
    assert "as it is" in client.get(address(entry)).content.decode()
    client.post(address(entry), {"do": "run", "models": [model.pk], "cases": ["none"]})
    run = Run.objects.get()
    assert (run.case, run.values) == (None, {})


def test_only_what_the_author_may_use_is_run(client: Client, entry: Entry) -> None:
    case = factories.case(entry)
    mine = model_of(entry)
    strange = [
        factories.model(factories.provider(factories.profile().user)),
        factories.site_model(name="not granted"),
        model_of(entry, "unpriced", input_price=None),
        model_of(entry, "off", enabled=False),
        model_of(entry, "painter", kind=LLMModel.Kind.IMAGE),
    ]
    bad = [{"models": [model.pk], "cases": [case.pk]} for model in strange] + [
        {"models": [mine.pk], "cases": [factories.case(factories.entry()).pk]},
        {"models": [mine.pk], "cases": ["none"]},
        {"models": [mine.pk], "cases": ["\x00"]},
        {"models": ["\x00"], "cases": [case.pk]},
        {"models": ["99999999999999999999"], "cases": [case.pk]},
        {"models": [mine.pk]},
        {"cases": [case.pk]},
        {},
    ]
    for data in bad:
        response = client.post(address(entry), {"do": "run"} | data)
        assert response.status_code == 422
        assert response.context["run_form"].errors
    assert not Run.objects.exists()


def test_no_more_runs_at_once_than_a_person_can_mean(client: Client, entry: Entry) -> None:
    model = [model_of(entry, f"model-{number}") for number in range(7)]
    cases = [factories.case(entry) for _number in range(6)]
    everything = {"models": [one.pk for one in model], "cases": [one.pk for one in cases]}
    response = client.post(address(entry), {"do": "run"} | everything)
    assert response.status_code == 422
    assert "These are 42 runs" in response.content.decode()


def test_a_pasted_answer_is_kept_as_such(client: Client, entry: Entry) -> None:
    case = factories.case(entry)
    typed = {"do": "paste", "output": "**Bold**\r\n\r\n  claim", "model_name": "gpt-x"}
    client.post(address(entry), typed | {"case": str(case.pk)})
    run = Run.objects.get()
    assert (run.origin, run.output, run.case) == ("pasted", "**Bold**\n\n  claim", case)
    assert run.values == case.values
    page = client.get(address(entry)).content.decode()
    assert "pasted by the author" in page
    assert "<strong>Bold</strong>" in page


def test_a_pasted_answer_may_have_an_input_of_its_own(client: Client, entry: Entry) -> None:
    typed = {"do": "paste", "output": "Answer", "model_name": "gpt-x"}
    client.post(address(entry), typed)
    client.post(address(entry), typed | {"value-text": "My own"})
    assert [run.values for run in Run.objects.order_by("created_at")] == [{}, {"text": "My own"}]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("output", ""),
        ("output", "x" * 200_001),
        ("output", "\x00"),
        ("model_name", ""),
        ("model_name", "x" * 121),
        ("model_name", "a\u202eb"),
        ("case", "nonsense"),
        ("case", "\x00"),
        ("value-text", "\x00"),
        ("value-text", "x" * 20_001),
    ],
)
def test_bad_pastes_are_refused_at_the_field(
    client: Client, entry: Entry, name: str, value: str
) -> None:
    typed = {"do": "paste", "output": "Kept answer", "model_name": "gpt-x", name: value}
    response = client.post(address(entry), typed)
    assert response.status_code == 422
    errors = response.context["add_form"].errors | response.context["values_form"].errors
    assert list(errors) == [name.removeprefix("value-")]
    assert ("Kept answer" in response.content.decode()) == (name != "output")
    assert not Run.objects.exists()


@pytest.fixture
def picture_entry(client: Client) -> Entry:
    """A published entry of a picture prompt, whose author is signed in."""
    made = factories.entry(content=factories.content("A cup", kind="image", variables=[]))
    client.force_login(made.owner)
    return made


def test_an_uploaded_picture_is_kept(client: Client, picture_entry: Entry) -> None:
    upload = SimpleUploadedFile("cup.png", factories.png())
    client.post(
        address(picture_entry), {"do": "picture", "picture": upload, "model_name": "painter"}
    )
    run = Run.objects.get()
    assert run.picture is not None
    assert str(run.picture.pk) in client.get(address(picture_entry)).content.decode()
    response = client.post(of(run, "studio_output_delete"))
    assert response.status_code == 302
    assert not Picture.objects.exists()


@pytest.mark.parametrize("data", [b"", b"no picture", b"GIF89a" + bytes(60), factories.png()[:50]])
def test_what_is_no_picture_is_refused(client: Client, picture_entry: Entry, data: bytes) -> None:
    upload = SimpleUploadedFile("cup.png", data)
    response = client.post(
        address(picture_entry), {"do": "picture", "picture": upload, "model_name": "painter"}
    )
    assert response.status_code == 422
    assert response.context["add_form"].errors["picture"]
    assert not Run.objects.exists()


@pytest.mark.parametrize("wanted", ["2", "x", "-1", "²", "99999999999999999999", "\x00"])
def test_an_unknown_version_is_not_found(client: Client, entry: Entry, wanted: str) -> None:
    assert client.get(address(entry), {"version": wanted}).status_code == 404


def test_a_withdrawn_version_is_not_run(client: Client, entry: Entry) -> None:
    factories.version(entry)
    versions.withdraw_version(entry.versions.get(number=2))
    assert client.get(address(entry), {"version": "2"}).status_code == 404
    assert client.get(address(entry)).context["version"].number == 1


@pytest.mark.parametrize("do", ["", "sing", "picture"])
def test_unknown_wishes_change_nothing(client: Client, entry: Entry, do: str) -> None:
    assert client.post(address(entry), {"do": do}).status_code in (404, 422)
    assert not Run.objects.exists()


def test_an_output_is_polled_until_it_is_over(client: Client, entry: Entry) -> None:
    run = factories.run(entry.versions.get(), state=Run.State.RUNNING, output="")
    part = client.get(of(run, "studio_output"), headers={"HX-Request": "true"}).content.decode()
    assert "every 2s" in part
    assert "<html" not in part
    Run.objects.update(state=Run.State.DONE, output="Here it is")
    part = client.get(of(run, "studio_output"), headers={"HX-Request": "true"}).content.decode()
    assert "every 2s" not in part
    assert "Here it is" in part
    response = client.get(of(run, "studio_output"))
    assert response["Location"].endswith(f"#run-{run.pk}")


def test_a_failed_run_tells_the_author_why_and_runs_again(client: Client, entry: Entry) -> None:
    run = factories.run(
        entry.versions.get(),
        factories.case(entry),
        model=model_of(entry),
        state=Run.State.FAILED,
        error_code="unauthorized",
        error_detail="Incorrect API key <provided>",
        output="",
    )
    page = client.get(address(entry)).content.decode()
    assert "The provider refused the key." in page
    assert "Incorrect API key &lt;provided&gt;" in page
    client.post(of(run, "studio_output_retry"))
    again = Run.objects.exclude(pk=run.pk).get()
    assert (again.state, again.case, again.values) == ("waiting", run.case, run.values)
    assert client.post(of(again, "studio_output_retry")).status_code == 404
    LLMModel.objects.all().delete()
    page = client.post(of(run, "studio_output_retry"), follow=True).content.decode()
    assert "not usable any more" in page


def test_a_waiting_run_is_cancelled_and_one_under_way_is_not(client: Client, entry: Entry) -> None:
    run = factories.run(entry.versions.get(), state=Run.State.WAITING, output="")
    page = client.post(of(run, "studio_output_cancel"), follow=True).content.decode()
    assert "Cancelled before model-a began." in page
    other = factories.run(entry.versions.get(), state=Run.State.RUNNING, output="")
    page = client.post(of(other, "studio_output_cancel"), follow=True).content.decode()
    assert "already begun" in page


def test_outputs_are_hidden_and_shown_again(client: Client, entry: Entry) -> None:
    run = factories.run(entry.versions.get())
    for sent, hidden in (("1", True), ("0", False), ("nonsense", False)):
        client.post(of(run, "studio_output_hide"), {"hidden": sent})
        run.refresh_from_db()
        assert run.hidden is hidden


def test_evidence_is_hidden_and_never_deleted(client: Client, entry: Entry) -> None:
    captured = factories.run(entry.versions.get())
    waiting = factories.run(entry.versions.get(), state=Run.State.WAITING)
    for run in (captured, waiting):
        assert client.get(of(run, "studio_output_delete")).status_code == 404
        assert client.post(of(run, "studio_output_delete")).status_code == 404
    pasted = factories.run(entry.versions.get(), origin=Run.Origin.PASTED)
    failed = factories.run(entry.versions.get(), state=Run.State.FAILED, output="")
    for run in (pasted, failed):
        assert client.get(of(run, "studio_output_delete")).status_code == 200
        assert client.post(of(run, "studio_output_delete")).status_code == 302
    assert set(Run.objects.all()) == {captured, waiting}


def test_the_demo_model_says_what_it_is(client: Client, entry: Entry) -> None:
    factories.run(entry.versions.get(), is_demo=True)
    assert "Demo model: scripted rules" in client.get(address(entry)).content.decode()


ACTIONS = ["cancel", "retry", "hide", "delete"]


def test_outputs_are_their_authors_own(client: Client, entry: Entry) -> None:
    run = factories.run(entry.versions.get(), origin=Run.Origin.PASTED)
    other = factories.entry(entry.owner)
    for action in ACTIONS:
        name = f"studio_output_{action}"
        assert client.post(reverse(name, args=[entry.slug, uuid.uuid4()])).status_code == 404
        assert client.post(reverse(name, args=[other.slug, run.pk])).status_code == 404
        if action != "delete":
            assert client.get(of(run, name)).status_code == 405
    assert client.post(of(run, "studio_output")).status_code == 405
    client.force_login(factories.profile().user)
    for action in ACTIONS:
        assert client.post(of(run, f"studio_output_{action}")).status_code == 404
    assert client.get(of(run, "studio_output")).status_code == 404
    assert client.post(address(entry), {"do": "paste"}).status_code == 404
    client.logout()
    for action in ACTIONS:
        assert client.post(of(run, f"studio_output_{action}")).status_code == 302
    run.refresh_from_db()
    assert not run.hidden


def test_more_outputs_make_no_more_queries(
    client: Client, entry: Entry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    case = factories.case(entry)
    model = model_of(entry)
    factories.run(entry.versions.get(), case, model=model)
    client.get(address(entry))
    with django_assert_max_num_queries(17) as first:
        client.get(address(entry))
    expected = len(first)
    for number in range(25):
        factories.run(entry.versions.get(), case, model=model, output=f"Other answer {number % 3}")
        model_of(entry, f"model-{number}")
        factories.case(entry)
    client.get(address(entry))
    with django_assert_max_num_queries(expected):
        page = client.get(address(entry))
    assert len(page.context["runs"]) == 20
    for nonsense in ("2", "x", "0", "99999999999999999999"):
        assert client.get(address(entry), {"page": nonsense}).status_code == 200


def test_the_pages_speak_french(client: Client, entry: Entry) -> None:
    run = factories.run(entry.versions.get(), origin=Run.Origin.PASTED)
    client.cookies["language"] = "fr"
    for where in (address(entry), of(run, "studio_output_delete")):
        response = client.get(where)
        assert response.status_code == 200
        assert '<html lang="fr"' in response.content.decode()


def evaluated(entry: Entry, number: int = 1, **fields: Any) -> list[Run]:
    """Return runs that an evaluation of the entry asked for."""
    version = entry.versions.get(number=1)
    evaluation = Evaluation.objects.create(entry=entry, total=number, repeats=number, bound=0)
    return [
        factories.run(version, evaluation=evaluation, repeat=repeat, **fields)
        for repeat in range(1, number + 1)
    ]


def test_runs_of_evaluations_stand_on_their_own_page(client: Client, entry: Entry) -> None:
    factories.run(entry.versions.get(), output="Asked for alone")
    runs = evaluated(entry, 3)
    other = evaluated(entry, 1)[0]
    Run.objects.filter(pk=runs[0].pk).update(state=Run.State.WAITING)
    page = client.get(address(entry))
    assert [item["run"].output for item in page.context["runs"]] == ["Asked for alone"]
    assert "3 more from evaluations" in page.content.decode()
    there = address(entry) + f"?version=1&evaluation={runs[0].evaluation_id}"
    page = client.get(there)
    assert {item["run"] for item in page.context["runs"]} == set(runs[1:])
    assert "Asked for alone" not in page.content.decode()
    # Hidden there, it comes back there.
    response = client.post(of(other, "studio_output_hide"), {"hidden": "1"})
    assert f"evaluation={other.evaluation_id}" in response["Location"]
    assert "it counts all the same" in client.get(response["Location"]).content.decode()
    for wrong in ("x", "\x00", str(uuid.uuid4())):
        assert client.get(address(entry), {"evaluation": wrong}).status_code == 404


def test_what_an_evaluation_asked_for_is_neither_deleted_nor_repeated_alone(
    client: Client, entry: Entry
) -> None:
    run = evaluated(entry, state=Run.State.FAILED, error_code="budget", output="")[0]
    assert client.post(of(run, "studio_output_delete")).status_code == 404
    assert client.post(of(run, "studio_output_retry")).status_code == 404


def test_an_output_is_hidden_in_its_place(client: Client, entry: Entry) -> None:
    run = factories.run(entry.versions.get())
    headers = {"HX-Request": "true"}
    part = client.post(of(run, "studio_output_hide"), {"hidden": "1"}, headers=headers)
    assert "it counts all the same" in part.content.decode()
    assert "<html" not in part.content.decode()


def test_a_run_that_waits_for_another_attempt_says_why(client: Client, entry: Entry) -> None:
    for code, why in [
        ("rate_limited", "waiting to try again: the provider is busy."),
        ("interrupted", "waiting to try again: the worker stopped in the middle."),
        ("something new", "waiting to try again: the call failed."),
    ]:
        Run.objects.all().delete()
        factories.run(entry.versions.get(), state=Run.State.WAITING, error_code=code, output="")
        assert why in client.get(address(entry)).content.decode()
    Run.objects.update(state=Run.State.FAILED, error_code="interrupted")
    assert "the answer is lost" in client.get(address(entry)).content.decode()


def test_outputs_show_what_rules_found_and_a_baseline_the_rules_of_the_published(
    client: Client,
) -> None:
    polite = {"text": "Is polite", "assertion": {"type": "icontains", "value": "please"}}
    entry = factories.entry()
    factories.version(entry, factories.content("Politely: {{ text }}", constraints=[polite]))
    client.force_login(entry.owner)
    for version in entry.versions.all():
        factories.run(version, output=f"Version {version.number}", judge_due=timezone.now())
    judging.catch_up()
    for number in (1, 2):
        page = client.get(address(entry), {"version": number}).content.decode()
        assert f"Version {number}" in page
        assert "Is polite" in page
        assert "broken" in page


def test_only_staff_are_told_how_to_start_a_worker(client: Client, entry: Entry) -> None:
    factories.run(entry.versions.get(), state=Run.State.WAITING)
    page = client.get(address(entry)).content.decode()
    assert "the operator of this site has to start it" in page
    assert "manage.py" not in page
    entry.owner.is_staff = True
    entry.owner.save()
    assert "manage.py worker" in client.get(address(entry)).content.decode()


def test_a_name_without_a_variable_keeps_its_braces(client: Client, entry: Entry) -> None:
    version = factories.version(entry, factories.content("Say {{ this }}", variables=[]))
    model = model_of(entry)
    assert client.get(address(entry)).status_code == 200
    call = calls.plan(model, version.content, {}).call
    assert isinstance(call, ChatCall)
    assert call.messages == [{"role": "user", "content": "Say {{ this }}"}]
