"""Preview cards: made once for what they show, made again when it changes, gone with it."""

import io
import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import connection
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from prompts_app.models import Entry, PreviewCard, Profile, ShareLink, User
from prompts_app.services import card_contents, cards, entries, share_tokens, worker
from prompts_app.services.look import ACCENT, ACCENTS
from prompts_app.typeset import pages
from tests import factories, papers

pytestmark = pytest.mark.django_db
Kind = PreviewCard.Kind


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def entry() -> Entry:
    return factories.entry(factories.profile(name="Ada Example").user, title="Facture")


def make_all() -> int:
    """Let a worker make what is due; return how many cards that were."""
    rounds, made = cards.Rounds(), 0
    while now := rounds.make_due():
        made += now
    return made


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def kept() -> set[str]:
    """The files that rows name."""
    return {Path(name).name for name in PreviewCard.objects.values_list("file", flat=True)}


def pixels(card: PreviewCard) -> bytes:
    with card.file.open("rb") as file:
        return Image.open(io.BytesIO(file.read())).convert("RGB").tobytes()


def card_of(entry: Entry) -> PreviewCard:
    return PreviewCard.objects.get(entry=entry)


def test_everything_public_gets_its_card_once(entry: Entry, folder: Path) -> None:
    papers.link(entry.owner, entry)
    # Three pages of the site and the profile in both languages; the entry; the link.
    assert make_all() == 10
    before = set(PreviewCard.objects.values_list("key", flat=True))
    assert make_all() == 0
    assert set(PreviewCard.objects.values_list("key", flat=True)) == before
    assert files(folder) == kept()
    for card in PreviewCard.objects.all():
        with Image.open(card.file.path) as picture:
            assert picture.size == (1200, 630)


def test_a_changed_title_makes_another_card_in_its_place(entry: Entry, folder: Path) -> None:
    make_all()
    before, drawn = card_of(entry), pixels(card_of(entry))
    entry.title = "Facture en JSON"
    entry.save()
    assert make_all() == 1
    after = card_of(entry)
    assert (after.pk, after.key == before.key) == (before.pk, False)
    assert pixels(after) != drawn
    assert files(folder) == kept()


def test_what_the_card_does_not_show_changes_nothing(entry: Entry) -> None:
    make_all()
    entry.summary, entry.use_case = "Another", "Something else"
    entry.save()
    assert make_all() == 0


def test_another_accent_or_name_reaches_every_card_of_the_author(entry: Entry) -> None:
    papers.link(entry.owner, entry)
    make_all()
    Profile.objects.filter(user=entry.owner).update(accent="rust")
    assert make_all() == 4
    with Image.open(card_of(entry).file.path) as picture:
        shown = picture.convert("RGB").getpixel((5, 625))
    assert shown == tuple(bytes.fromhex(ACCENTS["rust"][1:]))


def test_a_language_the_site_speaks_is_that_of_the_card(entry: Entry) -> None:
    make_all()
    assert card_of(entry).language == "en"
    entry.language = "fr"
    entry.save()
    make_all()
    assert card_of(entry).language == "fr"


def test_cards_of_what_is_not_public_any_more_go_with_their_files(
    entry: Entry, folder: Path, django_capture_on_commit_callbacks: object
) -> None:
    link, _token = papers.link(entry.owner, entry)
    make_all()
    entry.visibility = Entry.Visibility.LINKS
    entry.save()
    link.revoked_at = timezone.now()
    link.save()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        make_all()
    assert set(PreviewCard.objects.values_list("kind", flat=True)) == set(PreviewCard.OF_SITE)
    assert files(folder) == kept()


def test_a_deleted_entry_takes_its_card_along(
    entry: Entry, folder: Path, django_capture_on_commit_callbacks: object
) -> None:
    make_all()
    gone = Path(card_of(entry).file.path)
    assert gone.exists()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        entries.delete_entry(entry)
    assert not PreviewCard.objects.filter(kind=Kind.ENTRY).exists()
    assert not gone.exists()


def test_drafts_and_what_only_links_show_have_no_card() -> None:
    owner = factories.profile().user
    factories.entry(owner, published=False)
    factories.entry(owner, visibility=Entry.Visibility.LINKS)
    make_all()
    assert not PreviewCard.objects.exclude(kind__in=PreviewCard.OF_SITE).exists()


@pytest.mark.parametrize(
    "title",
    [
        "Le cœur d’une réponse brève, où l’été dure",
        "Письмо без лишних слов",
        "把发票变成数据",
        "Triage 🚑 that listens 👩🏽‍💻",
        "🚑🚑🚑",
        "A title that goes on and on until nobody reads it to the end " * 2,
    ],
)
def test_titles_of_any_script_are_drawn(title: str) -> None:
    entry = factories.entry(title=title[:120])
    make_all()
    with Image.open(card_of(entry).file.path) as picture:
        assert picture.size == (1200, 630)
        assert len(picture.convert("L").getcolors() or ()) > 20


def test_a_card_shows_what_real_models_prove_and_nothing_of_demo_models() -> None:
    rule = {"text": "Short.", "assertion": {"type": "word-count", "value": {"max": 20}}}
    made = [
        factories.entry(content=factories.content(constraints=[rule]), title=f"Entry {number}")
        for number in range(2)
    ]
    for entry, is_demo in zip(made, (False, True), strict=True):
        assert entry.published is not None
        factories.run(entry.published, is_demo=is_demo)
        factories.judged(entry)
    real, demo = (card_contents.of_entry(entry).proof for entry in made)
    assert real == "Keeps 1 of 1 tested constraint"
    assert demo == ""
    assert made[1].proof is not None


def test_a_links_card_sums_up_its_entries_at_their_versions() -> None:
    rule = {"text": "Short.", "assertion": {"type": "word-count", "value": {"max": 1}}}
    owner = factories.profile(headline="Prompt engineer").user
    first = factories.entry(owner, content=factories.content("One", constraints=[rule]))
    old = first.published
    assert old is not None
    factories.run(old, output="one")
    factories.version(first, factories.content("Two", constraints=[rule, rule | {"text": "No."}]))
    first.refresh_from_db()
    assert first.published is not None
    factories.run(first.published, output="one two")
    factories.judged(first)
    first.refresh_from_db()

    def proof(*shown: object) -> str:
        link, _token = papers.link(owner, *shown, company="Acme", label="secret")  # type: ignore[arg-type]
        contents = card_contents.of_link(link, card_contents.Proofs((), [link]).of_link(link))
        assert contents.title == "Prompt engineer"
        return contents.proof

    assert proof((first, old)) == "Keeps 1 of 1 tested constraint in 1 entry"
    assert proof(first) == "Keeps 0 of 2 tested constraints in 1 entry"
    assert proof(factories.entry(owner), factories.entry(owner)) == "2 entries"


def test_a_links_card_says_nothing_of_its_reader(entry: Entry) -> None:
    told = {"company": "Acme", "role": "Lead", "label": "third try", "pay": "€620", "note": "Hi"}
    link, _token = papers.link(entry.owner, entry, **told)
    said = repr(card_contents.of_link(link, []))
    assert not [word for word in told.values() if word in said]


def test_a_locked_link_has_the_card_that_tells_of_nobody(entry: Entry) -> None:
    link, _token = papers.link(entry.owner, entry, password="open sesame")
    make_all()
    assert not PreviewCard.objects.filter(kind=Kind.LINK).exists()
    key = cards.address_key(link)
    assert key is not None
    card = PreviewCard.objects.get(key=key)
    neutral = pages.card(card_contents.of_site(Kind.PRIVATE, "en"))
    assert pixels(card) == Image.open(io.BytesIO(neutral)).convert("RGB").tobytes()


def test_a_link_that_is_locked_later_loses_its_card_at_once(entry: Entry) -> None:
    link, _token = papers.link(entry.owner, entry)
    make_all()
    card = PreviewCard.objects.get(link=link)
    assert cards.is_shown(card)
    share_tokens.set_password(link, "open sesame")
    link.save()
    card = PreviewCard.objects.get(link=link)
    assert not cards.is_shown(card)
    make_all()
    assert not PreviewCard.objects.filter(kind=Kind.LINK).exists()
    share_tokens.set_password(link, "")
    link.save()
    assert make_all() == 1


def test_links_that_are_over_get_no_card(entry: Entry) -> None:
    papers.link(entry.owner, entry, expires_at=timezone.now() - timedelta(seconds=1))
    papers.link(entry.owner, entry, revoked_at=timezone.now())
    make_all()
    assert not PreviewCard.objects.filter(kind=Kind.LINK).exists()


def test_a_turn_is_short_however_much_is_due() -> None:
    owner = factories.profile().user
    for _number in range(22):
        factories.entry(owner)
    rounds = cards.Rounds()
    assert rounds.make_due() == 20
    assert rounds.make_due() == 10
    assert rounds.make_due() == 0


def test_every_card_is_looked_at_again(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "_LOOKED_AT", 2)
    make_all()
    entry.title = "Last of all"
    entry.save()
    rounds = cards.Rounds()
    assert sum(rounds.make_due() for _turn in range(6)) == 1


def test_until_there_is_a_card_the_sites_own_stands_in(entry: Entry) -> None:
    assert cards.address_key(entry) is None
    make_all()
    own = card_of(entry)
    assert cards.address_key(entry) == own.key
    own.delete()
    assert cards.address_key(entry) == PreviewCard.objects.get(kind=Kind.HOME, language="en").key
    annotated = cards.with_keys(Entry.objects.all()).get()
    assert annotated.card_key == cards.address_key(entry)  # type: ignore[attr-defined]


def test_as_many_queries_for_many_cards_as_for_few(
    django_assert_max_num_queries: object,
) -> None:
    owner = factories.profile().user
    for _number in range(3):
        papers.link(owner, factories.entry(owner))
    make_all()
    with django_assert_max_num_queries(8) as few:  # type: ignore[operator]
        cards.Rounds().make_due()
    for _number in range(6):
        papers.link(owner, factories.entry(owner), factories.entry(owner))
    make_all()
    with django_assert_max_num_queries(len(few)):  # type: ignore[operator]
        cards.Rounds().make_due()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_leave_one_card_each(entry: Entry, folder: Path) -> None:
    links = [papers.link(entry.owner, entry)[0] for _number in range(2)]
    problems: list[BaseException] = []
    start = threading.Barrier(2)

    def work() -> None:
        try:
            start.wait(10)
            make_all()
        except BaseException as error:
            problems.append(error)
        finally:
            connection.close()

    for _round in range(2):
        workers = [threading.Thread(target=work) for _number in range(2)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        assert not problems
        # Three pages and a profile in two languages, the entry, two links.
        assert PreviewCard.objects.count() == 11
        assert files(folder) == kept()
        Profile.objects.filter(user=entry.owner).update(name="Ada B. Example")
    assert ShareLink.objects.count() == len(links)


def test_the_worker_looks_after_cards() -> None:
    chores = [getattr(chore, "__self__", None) for _every, chore in worker.CHORES]
    assert any(isinstance(one, cards.Rounds) for one in chores)


def test_accents_are_those_of_the_style_sheet() -> None:
    css = (site.BASE_DIR / "static" / "css" / "tokens.css").read_text()
    found = dict(re.findall(r"\.accent-(\w+) \{[^}]*--cover: (#[0-9a-f]{6});", css))
    assert found == dict(ACCENTS)
    assert set(ACCENTS) == set(Profile.Accent.values)
    root = re.search(r":root,\s*\.accent-(\w+)", css)
    assert root is not None
    assert ACCENTS[root[1]] == ACCENT


def test_an_account_that_is_closed_shows_no_card(entry: Entry) -> None:
    papers.link(entry.owner, entry)
    make_all()
    User.objects.update(is_active=False)
    shown = PreviewCard.objects.exclude(kind__in=PreviewCard.OF_SITE)
    assert shown.count() == 4
    assert not [card for card in shown if cards.is_shown(card)]
