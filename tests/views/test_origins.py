"""How far an output can be trusted is said wherever it shows, in the same words."""

import pytest
from django.test import Client

from prompts_app.models import Entry, Run
from tests import factories

pytestmark = pytest.mark.django_db

RANKS = {
    Run.Origin.CAPTURED: "captured here",
    Run.Origin.IMPORTED: "imported with its raw response",
    Run.Origin.PASTED: "pasted by the author",
}
# {entry} is the entry's address, {slug} its name and {run} the run.
PLACES = {
    "entry": "{entry}",
    "version": "{entry}v1/",
    "comparison": "{entry}compare/?from=1&to=2",
    "run": "/runs/{run}/",
    "try": "{entry}try/",
    "studio": "/studio/entries/{slug}/outputs/?version=1",
    "answer in the studio": "/studio/entries/{slug}/outputs/{run}/",
}


def shown(client: Client, origin: Run.Origin, place: str) -> tuple[str, Run]:
    entry = factories.entry(content=factories.content("First. {{ text }}"))
    first = entry.published
    assert first is not None
    case = factories.case(entry, "one")
    run = factories.receipt(first, case).run
    Run.objects.filter(pk=run.pk).update(origin=origin)
    if origin != Run.Origin.CAPTURED:
        run.receipt.delete()
    if place in ("comparison", "version"):
        factories.run(factories.version(entry), case, origin=Run.Origin.CAPTURED)
    if "studio" in place:
        client.force_login(entry.owner)
    return _get(client, entry, run, place), run


def _get(client: Client, entry: Entry, run: Run, place: str) -> str:
    address = PLACES[place].format(
        entry=f"/@{entry.owner.profile.handle}/{entry.slug}/",
        slug=entry.slug,
        run=run.pk,
    )
    response = client.get(address, headers={"hx-request": "true"} if "answer" in place else {})
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("origin", RANKS)
def test_the_rank_stands_beside_the_output(client: Client, origin: Run.Origin, place: str) -> None:
    page, run = shown(client, origin, place)
    assert f'class="origin origin--{origin}"' in page
    assert RANKS[origin] in page
    receipt = f'<a href="/verify/?run={run.pk}">receipt</a>'
    assert (receipt in page) == (origin == Run.Origin.CAPTURED)


def test_the_answers_behind_the_evidence_are_all_captured(client: Client) -> None:
    entry = factories.entry()
    assert entry.published is not None
    case = factories.case(entry, "one")
    run = factories.receipt(entry.published, case).run
    factories.run(entry.published, case, origin=Run.Origin.PASTED)
    factories.judged(entry)
    address = f"/@{entry.owner.profile.handle}/{entry.slug}/evidence/answers/"
    page = client.get(f"{address}?case={case.pk}&model=model-a").content.decode()
    assert page.count('class="origin ') == 1
    assert f'<a href="/verify/?run={run.pk}">receipt</a>' in page


def test_a_hidden_answer_offers_no_receipt_that_nobody_could_open(client: Client) -> None:
    entry = factories.entry()
    assert entry.published is not None
    run = factories.receipt(entry.published, factories.case(entry)).run
    Run.objects.filter(pk=run.pk).update(hidden=True)
    client.force_login(entry.owner)
    assert "receipt</a>" not in _get(client, entry, run, "studio")
