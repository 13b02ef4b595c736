"""The sample portfolio: loaded once, with outputs captured from the demo model."""

import asyncio
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import transaction

from prompts_app.demo import portfolio
from prompts_app.demo.server import DemoServer
from prompts_app.llm import client
from prompts_app.models import Entry, LLMModel, Profile, Provider, Run, User, Version
from prompts_app.services import (
    accounts,
    budget,
    calls,
    entries,
    execution,
    importing,
    judging,
    providers,
    tryit,
)
from prompts_app.transfer.document import CaseDocument, EntryDocument, VersionDocument

# Which demo models answer each version of a kind: enough to compare model with model. Pages show
# the newest answer first, so the more careful model comes last.
_MODELS = {"text": ("demo-small", "demo-large"), "image": ("demo-picture",)}
_AT_ONCE = 4


def sample_author() -> User | None:
    """Return the sample author, if loaded whole and not deleted since."""
    profile = Profile.objects.select_related("user").filter(is_sample=True).first()
    return profile.user if profile else None


def load_samples(password: str, progress: Callable[[str], None]) -> User:
    """Load the sample portfolio and capture its outputs from the demo model.

    The calls go through the real client to a demo model on a loopback port. What an interrupted
    load left behind is removed first. `progress` gets a line for each step.
    """
    sample = portfolio.load()
    unfinished = User.objects.filter(email=sample.author.email).first()
    if unfinished is not None:
        accounts.delete_author(unfinished)
    with transaction.atomic():
        author = accounts.create_author(
            sample.author.email,
            password,
            handle=sample.author.handle,
            name=sample.author.name,
            site_cap=settings.DAILY_BUDGET,
            headline=sample.author.headline,
            bio=sample.author.bio,
            availability=sample.author.availability,
            skills=list(sample.author.skills),
            languages=list(sample.author.languages),
            links=[{"label": link.label, "url": link.url} for link in sample.author.links],
            certifications=[{"url": "", **one} for one in sample.author.certifications],
            experience=list(sample.author.experience),
        )
        # The first of the list is the newest on every page, so they are made last to first.
        for sample_entry in reversed(sample.entries):
            _make_entry(author, sample_entry)
    with DemoServer(pace=None) as base_url:
        for entry in Entry.objects.filter(owner=author).order_by("-published_at"):
            progress(entry.title)
            asyncio.run(_capture(list(_claims(entry, base_url))))
            _show_picture(entry)
    judging.catch_up()
    Profile.objects.filter(user=author).update(is_sample=True)
    return author


def allow_site_models(author: User) -> None:
    """Let visitors try the samples on the site's provider of today, where none is left to try."""
    for entry in Entry.objects.filter(owner=author).select_related("owner"):
        if not tryit.models_for(entry):
            usable = LLMModel.objects.usable_by(author).filter(
                kind=entry.kind, provider__owner__isnull=True
            )
            entry.tryable.set(usable.order_by("name")[:3])


def _make_entry(author: User, sample: portfolio.SampleEntry) -> None:
    entry = importing.import_entry(
        author,
        EntryDocument(
            title=sample.title,
            summary=sample.summary,
            use_case=sample.use_case,
            language=sample.language,
            tags=sample.tags,
            credit="",
            source_key="",
            versions=tuple(
                VersionDocument(version.content, version.change_note) for version in sample.versions
            ),
            cases=tuple(
                CaseDocument(case.name, case.values, case.watch_for, case.comment)
                for case in sample.cases
            ),
            baseline=sample.baseline - 1,
            second_language=sample.second_language,
            second_words=sample.second_words,
        ),
        visibility=Entry.Visibility.LISTED,
        slug=sample.slug,
    )
    entry.featured_case = entry.cases.order_by("position").first()
    for name, text in sample.stated.items():
        setattr(entry, name, text)
    entry.save(update_fields=["featured_case", *sample.stated])
    entries.index(entry)


def _show_picture(entry: Entry) -> None:
    """A picture prompt's own picture says more on its card than its title."""
    run = Run.objects.filter(version=entry.published, picture__isnull=False).first()
    if run is not None:
        entries.set_cover(entry, run.picture)


def _claims(entry: Entry, base_url: str) -> Iterator[execution.Claimed]:
    provider = _demo_provider()
    # Only for these calls: where the demo model listens later is the site's affair.
    provider.base_url = base_url
    for version in entry.versions.order_by("number"):
        for name in _MODELS[entry.kind]:
            model = provider.served.get(name=name)
            model.provider = provider
            for case in entry.cases.all():
                yield _claim(version, model, {"case": case, "values": case.values})


def _claim(version: Version, model: LLMModel, inputs: dict[str, object]) -> execution.Claimed:
    owner = version.entry.owner
    run = Run.objects.create(
        version=version,
        model=model,
        model_asked=model.name,
        provider_host=providers.host_of(model.provider.base_url),
        is_demo=True,
        origin=Run.Origin.CAPTURED,
        state=Run.State.RUNNING,
        attempts=1,
        **inputs,
    )
    plan = calls.plan(model, version.content, run.values)
    return execution.Claimed(
        run, plan, budget.reserve(owner, budget.purse_of(model), plan.bound).pk
    )


def _demo_provider() -> Provider:
    provider, _created = Provider.objects.get_or_create(
        owner=None,
        source=Provider.Source.DEMO,
        defaults={"name": "Demo model", "base_url": "http://127.0.0.1/v1", "active": False},
    )
    if not provider.served.exists():
        providers.choose_models(provider, providers.DEMO_MODELS)
    return provider


async def _capture(claims: list[execution.Claimed]) -> None:
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(claimed: execution.Claimed) -> None:
        async with slots:
            await execution.perform(claimed)

    await asyncio.gather(*map(one, claims))
    await client.close()
