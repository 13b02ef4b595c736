"""An entry, its runs, receipts and pictures under a share link: that version's, and no others."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from prompts_app.models import Run, ShareLink, Version
from prompts_app.services import receipts
from tests import factories
from tests.sharing import (
    ANSWER,
    BASELINE,
    LATER,
    NAIVE_ANSWER,
    PROMPT,
    RULE,
    Shared,
    address,
    addresses,
    places_in,
    publish,
    shared_entry,
    text_of,
    with_cover,
)

pytestmark = pytest.mark.django_db


def linked(**fields: Any) -> tuple[ShareLink, Shared]:
    shared = with_cover(shared_entry())
    return factories.share_link(shared.entry.owner, shared.version, **fields), shared


def test_the_case_study_stands_at_the_links_version(client: Client) -> None:
    link, shared = linked()
    publish(shared.entry)
    text = text_of(client.get(address(link, f"{shared.entry.slug}/")))
    for said in (PROMPT, BASELINE, ANSWER, NAIVE_ANSWER, "Names flowers", "version 2"):
        assert said in text
    assert LATER not in text
    assert "Keeps 1 of 2 tested constraints" in text
    assert "stated, not tested" in text


def test_a_link_without_a_version_follows_the_published_one(client: Client) -> None:
    shared = shared_entry()
    link = factories.share_link(shared.entry.owner, shared.entry)
    publish(shared.entry)
    text = text_of(client.get(address(link, f"{shared.entry.slug}/")))
    assert LATER in text
    assert PROMPT not in text
    # Its runs are those of a version the link no longer shows.
    assert client.get(address(link, f"runs/{shared.after.pk}/")).status_code == 404
    assert client.get(address(link, f"runs/{shared.before.pk}/")).status_code == 200


def test_hidden_prompts_are_hidden_on_every_address(client: Client) -> None:
    link, shared = linked(shows_prompts=False)
    receipt = shared.after.receipt
    secrets = (
        PROMPT,
        BASELINE,
        RULE,
        shared.version.content_hash,
        shared.version.prompt_hash,
        shared.baseline.prompt_hash,
        receipts.code_of(receipt),
        "receipt",
    )
    rests = ("", f"{shared.entry.slug}/", f"runs/{shared.after.pk}/", f"runs/{shared.before.pk}/")
    for rest in rests:
        response = client.get(address(link, rest))
        assert response.status_code == 200
        text = text_of(response)
        for secret in secrets:
            assert secret not in text, (rest, secret)
    for run in (shared.after, shared.before):
        for rest in ("receipt/", "receipt.json"):
            assert client.get(address(link, f"runs/{run.pk}/{rest}")).status_code == 404
    study = text_of(client.get(address(link, f"{shared.entry.slug}/")))
    for result in (ANSWER, NAIVE_ANSWER, "Names flowers", "kept in 1 of 1 run"):
        assert result in study
    # A constraint that was tested is not called untested because its rule is hidden.
    assert study.count("stated, not tested<") == 1


def test_shown_prompts_come_with_what_was_sent_and_the_receipt(client: Client) -> None:
    link, shared = linked()
    text = text_of(client.get(address(link, f"runs/{shared.after.pk}/")))
    assert PROMPT in text
    assert receipts.code_of(shared.after.receipt) in text
    file = client.get(address(link, f"runs/{shared.after.pk}/receipt.json"))
    assert file.json() == receipts.document(shared.after.receipt, shared.after)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_receipt_is_checked_on_a_page_of_the_link(client: Client, language: str) -> None:
    link, shared = linked(language=language)
    run = shared.after
    check = address(link, f"runs/{run.pk}/receipt/")
    # Whatever says that an answer has a receipt leads there.
    for rest in (f"{shared.entry.slug}/", f"runs/{run.pk}/"):
        places = places_in(text_of(client.get(address(link, rest))))
        assert check in places, rest
        if not rest.startswith("runs/"):
            assert not {one for one in places if one.endswith("receipt.json")}, rest
    response = client.get(check)
    assert response.status_code == 200
    text = text_of(response)
    holds = {"en": "This receipt holds.", "fr": "Ce reçu est valable"}[language]
    assert holds in text
    assert f'<html lang="{language}"' in text
    for said in (receipts.code_of(run.receipt), shared.version.content_hash, run.model_asked):
        assert said in text
    handle = shared.entry.owner.profile.handle
    assert f"@{handle}" not in text
    outside = {
        one
        for one in places_in(text)
        if not one.startswith((address(link), "/static/", "#")) and one != "/language/"
    }
    # What checks it without this site names nobody, and is told of nobody.
    assert outside == {reverse("receipt_keys"), reverse("receipt_script")}
    for one in outside:
        assert f'href="{one}" rel="noreferrer"' in text
    assert address(link, f"runs/{run.pk}/receipt.json") in places_in(text)


def test_a_receipt_that_does_not_hold_says_so_on_the_link_too(client: Client) -> None:
    link, shared = linked()
    Run.objects.filter(pk=shared.after.pk).update(output="Something better")
    text = text_of(client.get(address(link, f"runs/{shared.after.pk}/receipt/")))
    assert "This receipt holds." not in text
    assert "This receipt does not hold: " in text
    # Nothing is repeated of what does not hold.
    assert "What was signed" not in text


def test_a_run_without_a_receipt_has_none_to_check(client: Client) -> None:
    link, shared = linked()
    bare = factories.run(shared.version)
    assert client.get(address(link, f"runs/{bare.pk}/")).status_code == 200
    assert client.get(address(link, f"runs/{bare.pk}/receipt/")).status_code == 404


def test_runs_are_those_of_what_the_link_shows() -> None:
    link, shared = linked()
    other_of_owner = shared_entry(shared.entry.owner)
    stranger = shared_entry()
    later = factories.run(publish(shared.entry))
    hidden = factories.run(shared.version, hidden=True)
    unfinished = factories.run(shared.version, state=Run.State.FAILED)
    client = Client()
    for run in (other_of_owner.after, stranger.after, later, hidden, unfinished):
        for rest in ("", "receipt/", "receipt.json"):
            assert client.get(address(link, f"runs/{run.pk}/{rest}")).status_code == 404
    assert client.get(address(link, f"runs/{uuid.uuid4()}/")).status_code == 404
    same_words = factories.run(
        Version.objects.create(
            entry=shared.entry,
            number=9,
            content=shared.version.content | {"context": "Other context"},
            content_hash="0" * 64,
            prompt_hash=shared.version.prompt_hash,
        )
    )
    assert client.get(address(link, f"runs/{same_words.pk}/")).status_code == 200


def test_entries_of_other_links_are_not_there(client: Client) -> None:
    link, shared = linked()
    other = factories.entry(shared.entry.owner)
    factories.share_link(shared.entry.owner, other)
    response = client.get(address(link, f"{other.slug}/"))
    assert response.status_code == 404
    assert other.title not in text_of(response)


def test_pictures_are_those_of_the_link(client: Client) -> None:
    link, shared = linked()
    owner = shared.entry.owner
    avatar = factories.picture(owner)
    owner.profile.avatar = avatar
    owner.profile.save()
    made = factories.picture(owner, entry=shared.entry)
    factories.run(shared.version, picture=made)
    assert shared.entry.cover is not None
    for picture in (shared.entry.cover, avatar, made):
        for rest in (f"media/{picture.pk}.png", f"media/{picture.pk}-small.webp"):
            response = client.get(address(link, rest))
            assert response.status_code == 200
            assert "no-store" in response["Cache-Control"]
            text_of(response)
        assert client.get(address(link, f"media/{picture.pk}.gif")).status_code == 404
    of_hidden_run = factories.picture(owner, entry=shared.entry)
    factories.run(shared.version, picture=of_hidden_run, hidden=True)
    of_other_version = factories.picture(owner, entry=shared.entry)
    factories.run(publish(shared.entry), picture=of_other_version)
    of_other_entry = with_cover(shared_entry(owner)).entry.cover
    of_stranger = with_cover(shared_entry()).entry.cover
    of_try = factories.picture(owner, attempt=factories.attempt(shared.entry))
    unused = factories.picture(owner, entry=shared.entry)
    for other in (
        of_hidden_run,
        of_other_version,
        of_other_entry,
        of_stranger,
        of_try,
        unused,
    ):
        assert other is not None
        for rest in (f"media/{other.pk}.png", f"media/{other.pk}-small.webp"):
            assert client.get(address(link, rest)).status_code == 404


def test_a_withdrawn_versions_runs_are_gone(client: Client) -> None:
    link, shared = linked()
    Version.objects.filter(pk=shared.baseline.pk).update(content={}, withdrawn_at=timezone.now())
    assert client.get(address(link, f"runs/{shared.before.pk}/")).status_code == 404
    text = text_of(client.get(address(link)))
    assert NAIVE_ANSWER not in text


def test_queries_do_not_grow_with_runs(client: Client) -> None:
    link, shared = linked()

    def queries() -> int:
        path = address(link, f"{shared.entry.slug}/")
        text_of(client.get(path))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    few = queries()
    for number in range(10):
        factories.run(shared.version, factories.case(shared.entry), model_asked=f"m{number}")
    assert queries() == few
    assert few <= 10


def test_each_address_answers_one_that_asks_for_its_head(client: Client) -> None:
    link, shared = linked()
    for path in addresses(link, shared).values():
        got, head = client.get(path), client.head(path)
        assert (head.status_code, got.status_code) == (200, 200)
        assert head["Content-Type"] == got["Content-Type"]
        text_of(got)
        text_of(head)


def test_what_is_not_on_the_link_leads_back_to_it(client: Client) -> None:
    link, _shared = linked()
    for path in ("another-entry/", "another-entry/try/", f"runs/{uuid.uuid4()}/"):
        answer = client.get(address(link, path))
        assert answer.status_code == 404
        assert "This page is not on the link" in text_of(answer)
        assert f'href="{address(link)}"' in answer.text
        assert 'href="/"' not in answer.text
