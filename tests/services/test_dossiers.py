"""Dossiers: what a link shows, whole and in order, and nothing that it hides."""

import io
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries, Settings

from prompts_app.models import Entry, User
from prompts_app.services import claims, dossiers, receipts, versions
from prompts_app.typeset import pages
from tests import factories, papers
from tests.sharing import shared_entry

pytestmark = pytest.mark.django_db

CANARY = "zebra-7741 keeps to the margin"
RULES = [
    {"text": "Short.", "assertion": {"type": "word-count", "value": {"max": 2}}},
    {"text": "Says one.", "assertion": {"type": "icontains", "value": "one"}},
    {"text": "Reads well."},
]


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def owner() -> User:
    account = factories.user("secret-address@example.org")
    return factories.profile(
        account,
        name="Ada Éxample",
        headline="Prompts that hold",
        bio="Eight years of *ledgers*.",
        availability="open",
        skills=["Extraction", "Jokes"],
        languages=["English", "français"],
        links=[{"label": "Code", "url": "https://code.example.org/ada"}],
    ).user


@pytest.fixture
def tested(owner: User) -> Entry:
    """Tested on one model: two answers to one case, of which the second breaks a rule."""
    entry = factories.entry(
        owner,
        title="Invoices",
        tags=("extraction",),
        use_case="Suppliers send anything.",
        content=factories.content(
            f"{CANARY}: {{{{ text }}}}", constraints=RULES, context="Read by *machines*."
        ),
    )
    case = factories.case(entry, "Two currencies", watch_for="It adds both.")
    version = entry.published
    assert version is not None
    for output in ("One", "Two"):
        factories.receipt(version, case, output=output)
    return factories.judged(entry)


def said(link_and_token: tuple[Any, str]) -> str:
    return papers.text_of(dossiers.make(*link_and_token))


def last_run() -> str:
    """Say that the last run was today."""
    day = timezone.now()
    return f"last run on {day.day} {day:%B} {day.year}"


def first_page(pdf: bytes) -> str:
    """Return what the first page of a PDF says, with single spaces."""
    return " ".join(pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())


def test_what_the_author_says_of_a_failure_stands_by_it(owner: User, tested: Entry) -> None:
    link = papers.link(owner, tested)
    assert "It adds both." in said(link)
    tested.cases.update(comment="Œuvre of a bad day: Ω, 你好.")
    text = said(link)
    assert "Œuvre of a bad day: Ω" in text
    assert "It adds both." not in text


def test_a_dossier_holds_what_the_link_shows_in_its_order(owner: User, tested: Entry) -> None:
    second = factories.entry(owner, title="Letters", published=True)
    third = factories.entry(owner, title="Только по ссылке", visibility=Entry.Visibility.LINKS)
    text = said(
        papers.link(
            owner, third, tested, second, company="Acme", role="Lead", note="Dear **team**,",
            pay="€620 a day", start="May 2027", label="third try",
        )
    )  # fmt: skip
    order = [
        *("Ada Éxample", "Prompts that hold", "Open to work", "For Acme · Lead", "Dear team,"),
        *("€620 a day", "May 2027", "Только по ссылке", "Invoices", "Letters"),
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    # In full, in the same order: after the contents, which name each once.
    full = text[places[-1] + 1 :]
    headings = [full.index(title) for title in ("Только по ссылке", "Invoices", "Letters")]
    assert headings == sorted(headings)
    for words in ("Eight years of ledgers", "Extraction – Invoices", "Jokes", "français", "Code"):
        assert words in full
    assert "third try" not in text
    assert "secret-address" not in text


def test_an_entry_stands_there_with_its_prompt_and_evidence(owner: User, tested: Entry) -> None:
    link, token = papers.link(owner, tested)
    contents = dossiers.contents_of(link, token)
    (entry,) = contents.entries
    line = (
        "1 of 2 tested constraints kept; 1 more stated, not tested · 1 model, captured here"
        f" · {last_run()}"
    )
    assert entry.result == line
    # It stands on the first page, and says what the entry's own page does.
    assert line in first_page(pages.dossier(contents))
    proof = Entry.objects.get(pk=tested.pk).proof
    for figure in claims.figures(proof, tested.baseline):
        assert figure.get("strong", "") in line
        assert "when" in figure or figure["rest"] in line
    assert [(one.text, one.kept, one.tested) for one in entry.constraints] == [
        ("Short.", 2, 2),
        ("Says one.", 1, 2),
        ("Reads well.", 0, 0),
    ]
    (row,) = entry.evidence
    assert (row.model, row.kept, row.tested) == ("model-a", 1, 2)
    # 1,200 micro-dollars and 1.5 seconds a run.
    assert (row.cost, row.seconds) == ("$1.20", "1.5")
    (failure,) = entry.failures
    assert failure.case == "Two currencies: 1 of 2 answers kept every tested constraint"
    assert failure.comment == "It adds both."
    assert len(entry.receipts) == 2
    text = papers.text_of(pages.dossier(contents))
    for words in (CANARY, "{{ text }}", "Read by machines", "Suppliers send", *entry.receipts):
        assert words in text
    assert contents.address.endswith(f"/s/{token}/")
    assert entry.url == f"{contents.address}{tested.slug}/"


def test_what_the_author_states_and_earned_stands_there(owner: User, tested: Entry) -> None:
    profile = owner.profile
    profile.certifications = [
        {"name": "Data", "issuer": "Uni", "issued": "2025-06", "expires": "2031-07", "url": ""},
        {"name": "Odd row", "issued": "never"},
        "no certification",
    ]
    profile.contact_mode, profile.contact_email = "email", "ada@example.org"
    profile.save()
    tested.role_in_team, tested.outcome = "Wrote it", "Two clerks fewer errors"
    tested.save()
    link, token = papers.link(owner, tested)
    text = papers.text_of(dossiers.make(link, token))
    for words in ("Uni, June 2025 · valid until: July 2031", "Odd row", "ada@example.org"):
        assert words in text
    for words in ("Wrote it", "Two clerks fewer errors", "as stated by the author"):
        assert words in text
    profile.contact_mode = "form"
    profile.save()
    contents = dossiers.contents_of(link, token)
    assert [one.url for one in contents.contact] == [f"{contents.address}contact/"]
    assert "ada@example.org" not in repr(contents)


def test_hidden_prompts_and_their_receipts_are_nowhere(owner: User, tested: Entry) -> None:
    link, token = papers.link(owner, tested, shows_prompts=False)
    pdf = dossiers.make(link, token)
    text = papers.text_of(pdf)
    assert "1 of 2 tested constraints kept" in text
    assert "Invoices" in text
    assert CANARY not in text
    assert "zebra" not in text
    codes = [
        receipts.code_of(run.receipt)
        for version in tested.versions.all()
        for run in version.runs.all()
    ]
    assert len(codes) == 2
    assert not [code for code in codes if code in text]
    assert CANARY.encode() not in pdf
    assert CANARY not in repr(dossiers.contents_of(link, token))


def test_a_pinned_version_is_the_one_that_stands_there(owner: User) -> None:
    entry = factories.entry(owner, content=factories.content("The first words"))
    pinned = entry.published
    assert pinned is not None
    factories.version(entry, factories.content("The second words"))
    entry.refresh_from_db()
    assert "The first words" in said(papers.link(owner, (entry, pinned)))
    assert "The second words" in said(papers.link(owner, entry))


def test_a_withdrawn_version_leaves_no_trace(owner: User, tested: Entry) -> None:
    pinned = tested.published
    assert pinned is not None
    factories.version(tested, factories.content("Nothing secret"))
    versions.withdraw_version(pinned)
    text = said(papers.link(owner, (tested, pinned)))
    assert CANARY not in text
    assert "Ada" in text


def test_demo_models_prove_nothing_on_paper_either(owner: User) -> None:
    entry = factories.entry(owner, content=factories.content("Say: {{ text }}", constraints=RULES))
    assert entry.published is not None
    factories.run(entry.published, output="one", is_demo=True)
    factories.judged(entry)
    link, token = papers.link(owner, entry)
    (shown,) = dossiers.contents_of(link, token).entries
    assert shown.result.endswith(" · 1 demo model")
    assert "scripted rules" in shown.evidence_note


def test_what_is_not_tested_says_so(owner: User) -> None:
    entry = factories.entry(owner, content=factories.content("Say: {{ text }}", constraints=RULES))
    link, token = papers.link(owner, entry)
    (shown,) = dossiers.contents_of(link, token).entries
    assert [one.text for one in shown.constraints] == ["Short.", "Says one.", "Reads well."]
    assert shown.result == shown.evidence_note == "Not tested yet"
    assert said((link, token)).count("Not tested yet") == 2


def test_the_first_page_measures_the_prompt_against_the_one_liner(owner: User) -> None:
    shared = shared_entry(owner)
    link = papers.link(owner, shared.entry, language="fr")
    text = first_page(dossiers.make(*link))
    for words in ("1 sur 2 contraintes testées respectées", "0 sur 2 respectée"):
        assert words in text
    with translation.override("fr"):
        for figure in claims.figures(shared.entry.proof, shared.baseline):
            assert figure.get("strong", "") in text


def test_a_long_list_of_failures_is_cut_with_its_number(owner: User) -> None:
    entry = factories.entry(owner, content=factories.content("Say: {{ text }}", constraints=RULES))
    assert entry.published is not None
    for number in range(14):
        case = factories.case(entry, f"Case {number}")
        factories.run(entry.published, case, output="none of it at all")
    factories.judged(entry)
    link, token = papers.link(owner, entry)
    (shown,) = dossiers.contents_of(link, token).entries
    assert len(shown.failures) == 12
    assert shown.failures[-1].case == "and 3 more test cases"


def test_a_dossier_speaks_the_links_language(owner: User, tested: Entry) -> None:
    with translation.override("en"):
        text = said(papers.link(owner, tested, language="fr"))
    assert "Contraintes" in text
    assert "Contraintes testées respectées" in text
    assert "Constraints" not in text


@pytest.mark.parametrize("title", ["Été, œuvre et Ω", "Ж и ещё", "把发票变成数据", "🚑 👩🏽"])
def test_titles_of_any_script_end_well(owner: User, title: str) -> None:
    owner.profile.name = title
    owner.profile.save()
    link, token = papers.link(owner, factories.entry(owner, title=title), note=title)
    assert dossiers.make(link, token).startswith(b"%PDF")
    assert dossiers.file_name(link).isascii()


def test_the_same_link_makes_the_same_document(owner: User, tested: Entry) -> None:
    link, token = papers.link(owner, tested)
    assert dossiers.make(link, token) == dossiers.make(link, token)


def test_an_entry_costs_a_few_queries(
    owner: User, tested: Entry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    several = [tested, *(factories.entry(owner) for _number in range(9))]
    link, token = papers.link(owner, *several)
    dossiers.contents_of(link, token)
    with django_assert_max_num_queries(4 + 3 * len(several)):
        dossiers.contents_of(link, token)
