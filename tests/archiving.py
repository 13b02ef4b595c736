"""A portfolio with everything in it, its archive, and what two archives have in common."""

import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from PIL import Image

from prompts_app.models import Draft, Entry, Evaluation, Run, SkillShown, User, Version
from prompts_app.services import archives, captures, entries, judging, pictures, profiles, versions
from prompts_app.services.cases import withdraw_case
from prompts_app.services.rules import rule_of
from tests import factories

SHORT = {"type": "word-count", "value": {"max": 5}}
POLITE = {"type": "llm-rubric", "value": "Is it polite?"}


def rich_author() -> User:
    """Return an author whose portfolio holds one of each thing an archive can."""
    owner = factories.profile(
        headline="Prompts that hold",
        bio="I *test* them.",
        skills=["extraction", "évaluation"],
        links=[{"label": "Code", "url": "https://code.example.org/me"}],
        contact_mode="email",
        contact_email="me@example.org",
        pronouns="elle",
        available_from=date(2027, 1, 4),
        languages=["English", {"name": "Français", "level": "native"}],
        work_modes=["remote"],
        experience=[{"role": "Prompt engineer", "where": "A shop", "from": "2025-01"}],
    ).user
    owner.profile.avatar = pictures.keep_picture(owner, factories.png(colour="navy"))
    proof = pictures.keep_picture(owner, factories.png(colour="olive"))
    owner.profile.certifications = [
        {"key": "a", "name": "Prompts", "issuer": "A school", "issued": "2026-01",
         "expires": "", "url": "", "proof": profiles.described(proof)},
        {"key": "b", "name": "More", "issuer": "", "issued": "", "expires": "", "url": "",
         "proof": ""},
    ]  # fmt: skip
    owner.profile.save()
    entry = _invoices(owner)
    SkillShown.objects.create(profile=owner.profile, skill="extraction", entry=entry)
    _pictures(owner)
    factories.entry(owner, title="Only a draft", published=False, tags=("Idées",))
    judging.catch_up()
    return owner


def _invoices(owner: User) -> Entry:
    entry = factories.entry(
        owner,
        title="Factures → JSON",
        tags=("SQL", "Données"),
        use_case="Used **daily**.",
        role_in_team="Alone",
        used_where="At work",
        outcome="Fewer errors",
        credit="A friend",
        source_key="elsewhere-7",
        content=factories.content("Do it: {{ text }}"),
    )
    secret = factories.version(entry, factories.content("sk-very-secret {{ text }}"), "A leak")
    gone = factories.receipt(secret).run
    last = factories.version(
        entry,
        factories.content(
            "Extract: {{ text }}",
            context="Comes as *text*.",
            constraints=[
                {"text": "Short.", "assertion": SHORT},
                {"text": "Polite.", "assertion": POLITE},
                {"text": "Only stated."},
                {"text": "Runs elsewhere.", "foreign": {"type": "javascript", "value": "1"}},
            ],
            parameters={"temperature": 1.0, "top_p": 0.1, "max_tokens": 300},
        ),
        "Better",
    )
    entry.refresh_from_db()
    versions.add_baseline(entry, "Just do it: {{ text }}")
    versions.withdraw_version(secret)
    cases = [factories.case(entry, name) for name in ("One", "Two", "Three")]
    withdraw_case(cases[2])
    _runs(entry, last, cases, gone)
    entry.refresh_from_db()
    entry.featured_case = cases[1]
    entry.save()
    cover = pictures.keep_picture(owner, factories.png(), entry=entry)
    entries.set_cover(entry, cover)
    Draft.objects.filter(entry=entry).update(content=factories.content("Next: {{ text }}"))
    entries.translate(entry, "fr", {entry.title: "Factures en JSON", "Short.": "Court."})
    return entry


def _runs(entry: Entry, last: Version, cases: list[Any], gone: Run) -> None:
    now = timezone.now()
    evaluation = Evaluation.objects.create(entry=entry, total=2, repeats=1, bound=5000)
    raw = {
        "id": "chatcmpl-1",
        "created": 1_790_000_000,
        "logprob": -0.25,
        "odd": [1.0, 1e22, 12345678901234567890123, 9007199254740993, 1e-7, -0.0, None, True, {}],
        "text": "\u2028 é 😀 \\u0041 \x1b",
    }
    for number, case in enumerate(cases):
        receipt = factories.receipt(
            last,
            case,
            evaluation=evaluation,
            raw_response=raw,
            attempts=1,
            parameters_sent={"temperature": 1.0, "top_p": 0.1},
            output="Un deux trois." if number else "Many more than five words are in this one.",
            created_at=now + timedelta(seconds=number),
        )
        Run.objects.filter(pk=receipt.run_id).update(
            verdicts={
                rule_of(POLITE): {
                    "state": "passed",
                    "code": "judged",
                    "values": {"reason": "Yes."},
                    "at": "2026-05-12T09:30:00+00:00",
                    "judge": "model-judge",
                }
            },
            judge_due=now,
        )
    factories.run(
        last, cases[0], state=Run.State.FAILED, attempts=2, output="", error_code="busy",
        error_detail="429", finished_at=now, evaluation=evaluation, repeat=2, judge_due=now,
        cost=None, earlier_cost=40,
    )  # fmt: skip
    factories.run(last, cases[1], state=Run.State.RUNNING)
    factories.run(last, None, hidden=True, model_asked="model-b", is_demo=True, judge_due=now)
    captures.paste_output(last, output="Typed in.", model_name="model-c", case=cases[0])
    imported = captures.paste_output(last, output="From a file.", model_name="model-d")
    Run.objects.filter(pk=imported.pk).update(origin=Run.Origin.IMPORTED, raw_response={"a": [1]})
    assert entry.versions.get(pk=gone.version_id).withdrawn_at is not None


def _pictures(owner: User) -> None:
    entry = factories.entry(
        owner,
        title="A picture of a fox",
        visibility=Entry.Visibility.LINKS,
        content=factories.content(
            "A fox, {{ text }}", kind="image", parameters={"size": "512x512"}
        ),
    )
    assert entry.published is not None
    # A JPEG: written anew it would be another file, and its receipt would not hold.
    picture = pictures.keep_picture(owner, _jpeg(), entry=entry)
    factories.receipt(entry.published, picture=picture, output="", model_asked="painter")


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((60, 40), 80).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def archive_of(owner: User) -> io.BytesIO:
    """Return the author's archive."""
    file = io.BytesIO()
    for _step in archives.write(owner, file):
        pass
    file.seek(0)
    return file


def told(archive: io.BytesIO) -> dict[str, Any]:
    """Return file → what it holds, without ids and without what an archive says of itself."""
    found: dict[str, Any] = {}
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            data = files.read(name)
            if name.endswith(".ndjson"):
                runs = [json.loads(line) for line in data.splitlines()]
                found[name] = [run | {"id": ""} for run in runs]
            elif name == "promptfolio.json":
                manifest = json.loads(data)
                found[name] = {key: manifest[key] for key in ("entries", "counts", "handle")}
            elif name not in ("seal.json", "captured.txt"):
                found[name] = json.loads(data) if name.endswith(".json") else data
    return found
