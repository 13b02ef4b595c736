"""Small things that tests need: people, entries, versions, runs. Plain functions, real rows."""

import io
import time
from functools import cache
from itertools import count
from typing import Any

from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from prompts_app.models import (
    Draft,
    DraftRun,
    Entry,
    LLMModel,
    Picture,
    Profile,
    Provider,
    Receipt,
    Run,
    ShareItem,
    ShareLink,
    SiteGrant,
    TestCase,
    Try,
    User,
    Version,
)
from prompts_app.receipts.canonical import content_hash
from prompts_app.services import (
    entries,
    judging,
    pictures,
    providers,
    receipts,
    share_tokens,
    versions,
)
from prompts_app.services.cases import save_case

_numbers = count(1)
PASSWORD = "correct horse battery staple"


def user(email: str = "", **fields: Any) -> User:
    """Return an account that signs in with PASSWORD."""
    return User.objects.create(
        email=email or f"author{next(_numbers)}@example.org", password=_hashed(), **fields
    )


@cache
def _hashed() -> str:
    # A good hash takes long to make, and every test needs an account.
    return make_password(PASSWORD)


def second_step(owner: User) -> str:
    """Set up an authenticator app for the account; return the key it makes its codes from."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(owner, secret)
    return str(secret)


def code_of(secret: str) -> str:
    """Return what an authenticator app shows now (RFC 6238)."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30)))


def profile(owner: User | None = None, **fields: Any) -> Profile:
    """Return the profile of `owner`, or of a new account; its handle is unique."""
    number = next(_numbers)
    values = {"handle": f"author{number}", "name": f"Author {number}"} | fields
    return Profile.objects.create(user=owner or user(), **values)


def variable(name: str, **fields: Any) -> dict[str, Any]:
    """Return a variable of a content: a short text unless `fields` say otherwise."""
    return {
        "name": name,
        "type": "text",
        "label": name.replace("_", " ").capitalize(),
        "default": "",
        "choices": [],
        "min": None,
        "max": None,
        "max_length": None,
    } | fields


def content(prompt: str = "Summarise this: {{ text }}", **fields: Any) -> dict[str, Any]:
    """Return the content of a version whose one message is `prompt`."""
    return {
        "kind": "text",
        "messages": [{"role": "user", "content": prompt}],
        "variables": [variable("text")] if "{{ text }}" in prompt else [],
        "context": "",
        "constraints": [],
        "parameters": {},
    } | fields


# Other functions here take an argument of that name.
_content = content


def entry(
    owner: User | None = None,
    *,
    title: str = "",
    published: bool = True,
    tags: tuple[str, ...] = (),
    content: dict[str, Any] | None = None,
    **fields: Any,
) -> Entry:
    """Return an entry with its draft; listed and at version 1 unless told otherwise.

    A new owner gets a profile. With `published=False` nothing but the draft exists.
    """
    if owner is None:
        owner = profile().user
    number = next(_numbers)
    visibility = Entry.Visibility.LISTED if published else Entry.Visibility.DRAFT
    made = entries.create_entry(
        owner,
        title=title or f"Entry {number}",
        tags=tags,
        content=content or _content(f"Prompt {number}: {{{{ text }}}}"),
        **({"visibility": visibility, "summary": f"What entry {number} does."} | fields),
    )
    if published:
        versions.publish_version(made, "")
    return made


def version(entry: Entry, content: dict[str, Any] | None = None, note: str = "") -> Version:
    """Publish the entry's next version; without `content` the prompt is a new one."""
    wanted = content or _content(f"Prompt {next(_numbers)}: {{{{ text }}}}")
    made = versions.add_version(entry, wanted, note)
    Draft.objects.filter(entry=entry).update(content=wanted)
    return made


def versions_of(entry: Entry, number: int) -> list[Version]:
    """Publish `number` further versions at once, without the work of publishing each."""
    last = entry.versions.first()
    start = last.number + 1 if last else 1
    made = []
    for position in range(start, start + number):
        wanted = content(f"Prompt {next(_numbers)}: {{{{ text }}}}")
        made.append(
            Version(
                entry=entry,
                number=position,
                content=wanted,
                content_hash=content_hash(wanted),
                prompt_hash=versions.prompt_hash(wanted),
                change_note=f"Change {position}",
            )
        )
    Version.objects.bulk_create(made)
    return made


def case(entry: Entry, name: str = "", **fields: Any) -> TestCase:
    """Return a test case of the entry, after those it has."""
    number = next(_numbers)
    values = {"values": {"text": f"Text {number}"}} | fields
    return save_case(entry, None, name=name or f"Case {number}", **values)


def run(version: Version, case: TestCase | None = None, **fields: Any) -> Run:
    """Return a finished captured run of the version."""
    values: dict[str, Any] = {
        "origin": Run.Origin.CAPTURED,
        "state": Run.State.DONE,
        "model_asked": "model-a",
        "model_answered": "model-a-2026",
        "provider_host": "models.example.org",
        "values": case.values if case else {"text": "Some text"},
        "output": f"Answer {next(_numbers)}",
        "finish_reason": "stop",
        "prompt_tokens": 120,
        "completion_tokens": 40,
        "cost": 1200,
        "first_token_ms": 300,
        "latency_ms": 1500,
    } | fields
    return Run.objects.create(version=version, case=case, **values)


def attempt(entry: Entry, **fields: Any) -> Try:
    """Return a visitor's finished try of the entry's published version."""
    assert entry.published is not None
    values: dict[str, Any] = {
        "version": entry.published,
        "state": Try.State.DONE,
        "model_asked": "model-a",
        "provider_host": "models.example.org",
        "values": {"text": "A visitor's text"},
        "output": f"Answer {next(_numbers)}",
        "finish_reason": "stop",
        "visitor": "0" * 64,
        "cost": 900,
    } | fields
    return Try.objects.create(entry=entry, **values)


def site_provider(base_url: str = "http://127.0.0.1:9/v1", **fields: Any) -> Provider:
    """Return the site's own provider; unless told otherwise nothing answers there."""
    values = {"name": "The site's models"} | fields
    made, _created = Provider.objects.update_or_create(
        owner=None,
        source=values.pop("source", Provider.Source.ENVIRONMENT),
        defaults={"base_url": base_url, **values},
    )
    return made


def provider(owner: User, base_url: str = "http://127.0.0.1:9/v1", **fields: Any) -> Provider:
    """Return a provider of an author's own, with the key "sk-test" kept encrypted."""
    values = {"name": "Mine", "preset": "other", "base_url": base_url, "api_key": "sk-test"}
    return providers.save_provider(owner, None, **(values | fields))


def model(provider: Provider, name: str = "model-a", **fields: Any) -> LLMModel:
    """Return a model with a price: 1 and 2 dollars a million tokens, 4 cents a picture."""
    values = {"kind": "text", "input_price": 1_000_000, "output_price": 2_000_000} | fields
    if values["kind"] == "image":
        values = {"input_price": None, "output_price": None, "picture_price": 40_000} | fields
    return LLMModel.objects.create(provider=provider, name=name, **values)


def site_model(entry: Entry | None = None, name: str = "model-a", **fields: Any) -> LLMModel:
    """Return a model of the site's provider; with `entry`, one its visitors may try."""
    made = model(site_provider(), name, **fields)
    if entry is not None:
        SiteGrant.objects.get_or_create(user=entry.owner, defaults={"daily_cap": 1_000_000})
        entry.tryable.add(made)
    return made


def png(width: int = 40, height: int = 30, colour: str = "teal") -> bytes:
    """Return a small PNG file."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def picture(
    owner: User, *, entry: Entry | None = None, attempt: Try | DraftRun | None = None
) -> Picture:
    """Return a picture with its files: of an entry, a try, a draft's run, or the profile."""
    return pictures.keep_picture(owner, png(), entry=entry, attempt=attempt)


def upload(data: bytes, name: str = "picture.png") -> ContentFile:  # type: ignore[type-arg]
    """Return what a form gets for a file: send it with Django's test client."""
    return ContentFile(data, name=name)


def receipt(version: Version, case: TestCase | None = None, **fields: Any) -> Receipt:
    """Return the receipt of a finished captured run of the version."""
    made = run(version, case, **({"finished_at": timezone.now()} | fields))
    issued = receipts.issue(made.pk, "chatcmpl-1")
    assert issued is not None
    return issued


def judged(entry: Entry) -> Entry:
    """Judge and count every run of the entry as a worker does; return the entry as it is then."""
    Run.objects.filter(version__entry=entry).update(judge_due=timezone.now())
    judging.catch_up()
    entry.refresh_from_db(fields=["proof"])
    return entry


def share_link(owner: User, *shown: Entry | Version, **fields: Any) -> ShareLink:
    """Return a link that shows entries at their published versions, or fixed versions."""
    link = ShareLink(owner=owner, **fields)
    share_tokens.mint(link)
    link.save()
    for position, one in enumerate(shown):
        pinned = one if isinstance(one, Version) else None
        entry = one.entry if isinstance(one, Version) else one
        ShareItem.objects.create(link=link, entry=entry, version=pinned, position=position)
    return link
