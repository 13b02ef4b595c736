"""Exported resumes before JSON Resume's own schema and validator, as npm has them."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompts_app.demo import portfolio
from prompts_app.forms.profile_rows import YEARS, WebAddressField
from prompts_app.models import Entry, Profile
from prompts_app.services import resume
from tests import factories
from tests.soak.npm import installed

pytestmark = pytest.mark.django_db

PACKAGE = "@jsonresume/schema@1.3.1"
PROFILES = 100
# Reads a list of resumes, and writes for each what its validator has against it.
VALIDATE = """
const { validate } = require(process.argv[1]);
const resumes = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const said = resumes.map((one) => {
  let found = [];
  validate(one, (errors) => { found = (errors ?? []).map((error) => error.stack); });
  return found;
});
process.stdout.write(JSON.stringify(said));
"""


@pytest.fixture(scope="module")
def problems() -> Callable[[list[Any]], list[list[str]]]:
    """What the schema and the package's validator have against each of some resumes."""
    package = installed(PACKAGE)
    schema = json.loads((package / "schema.json").read_text())
    validator = jsonschema.Draft7Validator(
        schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
    )

    def find(resumes: list[Any]) -> list[list[str]]:
        done = subprocess.run(
            ["node", "--eval", VALIDATE, str(package)],
            input=json.dumps(resumes),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return [
            [*found, *(f"{one.json_path}: {one.message}" for one in validator.iter_errors(each))]
            for each, found in zip(resumes, json.loads(done.stdout), strict=True)
        ]

    return find


def test_the_sample_resume_is_one(problems: Callable[[list[Any]], list[list[str]]]) -> None:
    sample = portfolio.load()
    author = sample.author
    profile = factories.profile(
        handle=author.handle,
        name=author.name,
        headline=author.headline,
        bio=author.bio,
        skills=list(author.skills),
        languages=list(author.languages),
        links=[{"label": one.label, "url": one.url} for one in author.links],
        certifications=list(author.certifications),
        experience=list(author.experience),
    )
    for one in sample.entries:
        factories.entry(profile.user, title=one.title, summary=one.summary, tags=one.tags)
    made = resume.of_profile(profile, Entry.objects.filter(owner=profile.user))
    assert len(made["projects"]) == len(sample.entries)
    assert problems([made]) == [[]]


def test_a_mistake_is_found(problems: Callable[[list[Any]], list[list[str]]]) -> None:
    for wrong in (
        {"basics": {"url": "no address"}},
        {"basics": {"email": "nobody"}},
        {"work": [{"startDate": "May 2024"}]},
        {"skills": [{"keywords": "SQL"}]},
    ):
        assert problems([wrong]) != [[]], wrong


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
months = st.one_of(
    st.just(""),
    st.tuples(st.sampled_from(YEARS), st.integers(1, 12)).map(lambda one: f"{one[0]}-{one[1]:02}"),
    texts,
)
# What hosts and paths may hold: also what only browsers take, and what an address has escaped.
hosts = st.sampled_from(["example.org", "exämple.org", "例え.テスト", "127.0.0.1:8000", "[::1]"])
paths = st.text(st.sampled_from("ab/é名😀%20%?#&=+~'\"()[]{}|^`\\<>"), max_size=12)


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """An address that a profile's form takes, or ""."""
    try:
        return WebAddressField().clean(f"https://{draw(hosts)}/{draw(paths)}")
    except ValidationError:
        return ""


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of a profile: what forms keep, and rows of other shapes."""

    def rows(**fields: st.SearchStrategy[Any]) -> list[Any]:
        row = st.fixed_dictionaries({}, optional=fields)
        return draw(st.lists(st.one_of(row, st.sampled_from(["x", 3, None])), max_size=4))

    return {
        "name": draw(texts),
        "headline": draw(texts),
        "bio": draw(texts),
        "location": draw(texts),
        "contact_mode": draw(st.sampled_from(Profile.Contact.values)),
        "contact_email": draw(st.one_of(st.emails(), texts)),
        "skills": draw(st.lists(texts, max_size=4)),
        "languages": rows(name=texts, level=st.sampled_from(["native", "C1", "x", 3])),
        "links": rows(label=texts, url=addresses()),
        "experience": rows(role=texts, where=texts, began=months, ended=months, text=texts),
        "certifications": rows(
            name=texts, issuer=texts, issued=months, expires=months, url=addresses()
        ),
    }


def test_drawn_resumes_are_accepted(problems: Callable[[list[Any]], list[list[str]]]) -> None:
    resumes: list[Any] = []
    kept = factories.profile()
    factories.entry(kept.user, title="É <b> 名前", tags=("é",))
    listed = Entry.objects.filter(owner=kept.user)

    @settings(
        max_examples=PROFILES, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(profiles())
    def collect(fields: dict[str, Any]) -> None:
        profile = Profile(pk=kept.pk, user=kept.user, handle=kept.handle, **fields)
        made = resume.of_profile(profile, listed)
        resumes.append(json.loads(json.dumps(made)))

    collect()
    assert len(resumes) >= PROFILES
    wrong = [(found, one) for found, one in zip(problems(resumes), resumes, strict=True) if found]
    assert not wrong, wrong[0]
