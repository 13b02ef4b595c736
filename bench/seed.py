"""Fills a database with listed, published entries: `python -m bench.seed 10000`.

Works on the database that DATABASE_URL names, SQLite or PostgreSQL, once migrated. The entries are
the same every time. Everything goes in by bulk_create, a thousand entries at a time.
"""

import argparse
import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prompts_app.models import User

BATCH = 1000
AUTHORS = 50
NEWEST = datetime(2026, 5, 1, tzinfo=UTC)

TRADES = (
    ("invoice", "extraction", "Turn an invoice into JSON"),
    ("ticket", "triage", "Sort support tickets by urgency"),
    ("meeting", "summary", "Sum up a meeting in 120 words"),
    ("query", "code", "Explain a SQL query to a beginner"),
    ("réunion", "résumé", "Résumer une réunion en dix lignes"),
    ("courrier", "rédaction", "Répondre à un courrier de réclamation"),
    ("character", "role-play", "Play a character who never breaks the role"),
    ("contract", "review", "Find the risky clauses of a contract"),
)
MODELS = ("model-large", "model-small", "model-open")
# Words of everyday use, the first ones far more frequent than the last, as in any text.
WORDS = tuple(
    first + middle + last
    for first in ("ba", "co", "dé", "fi", "gra", "lu", "mo", "né", "pri", "su", "ta", "vo")
    for middle in ("la", "mi", "ne", "ro", "té", "vi", "xa", "zo", "du", "ke")
    for last in ("n", "r", "s", "ment", "tion", "ble", "re", "té", "x", "que", "ge", "l")
)


def seed(count: int, *, runs: int = 0, words: int = 300, first: int = 1) -> None:
    """Add `count` listed entries, each with one version, three tags and `runs` captured runs.

    Each entry's prompt has about `words` words. They are numbered from `first` and one minute
    apart, the lowest number newest. Authors are shared by all; each call with the same numbers in
    an empty database makes the same rows. Raises IntegrityError for numbers already there.
    """
    authors = _authors()
    for start in range(first, first + count, BATCH):
        _batch(range(start, min(start + BATCH, first + count)), authors, runs, words)
    _count_rows()


def _count_rows() -> None:
    """Tell PostgreSQL what it would find out by itself within a minute: plans depend on it."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _authors() -> "list[User]":
    from prompts_app.models import Profile, User

    emails = [f"seeded{number}@example.org" for number in range(AUTHORS)]
    User.objects.bulk_create(
        # The hash of no password: nobody signs in with it.
        (User(email=email, password="!") for email in emails),
        ignore_conflicts=True,
    )
    users = {user.email: user for user in User.objects.filter(email__in=emails)}
    authors = [users[email] for email in emails]
    Profile.objects.bulk_create(
        (
            Profile(user=user, handle=f"seeded{number}", name=f"Author {number}")
            for number, user in enumerate(authors)
        ),
        ignore_conflicts=True,
    )
    return authors


def _batch(numbers: range, authors: "list[User]", runs: int, words: int) -> None:
    from django.db import transaction
    from django.db.models import OuterRef, Subquery

    from prompts_app.models import Draft, Entry, Run, Tag, Version
    from prompts_app.receipts.canonical import content_hash
    from prompts_app.services.versions import prompt_hash
    from prompts_app.text.fold import fold
    from prompts_app.text.slug import slugify

    folded = {word: fold(word) for word in WORDS}
    contents: list[dict[str, Any]] = []
    moments: list[datetime] = []
    entries: list[Entry] = []
    tags: list[set[str]] = []
    for number in numbers:
        dice = random.Random(number)
        subject, trade, title = TRADES[number % len(TRADES)]
        said = [
            WORDS[int(len(WORDS) * dice.random() ** 3)] for _ in range(dice.randint(1, 2 * words))
        ]
        content: dict[str, Any] = {
            "kind": "text",
            "messages": [{"role": "user", "content": f"{title}. {' '.join(said)}\n{{{{ text }}}}"}],
            "variables": [],
            "context": f"Entry {number} of the {trade} kind, about one {subject}.",
            "constraints": [{"text": "Answers in plain words."}],
            "parameters": {},
        }
        contents.append(content)
        tags.append({trade, subject, f"field-{dice.randint(1, 40)}"})
        summary = f"What happens with one {subject}, told in number {number}."
        moments.append(moment := NEWEST - timedelta(minutes=number))
        entries.append(
            Entry(
                owner=authors[number % len(authors)],
                slug=f"seeded-{number}",
                title=f"{title} ({number})",
                summary=summary,
                language="fr" if "é" in subject + trade else "en",
                visibility=Entry.Visibility.DRAFT,
                published_at=moment,
                created_at=moment,
                search_text=" ".join(
                    (
                        fold(" ".join((title, summary, *sorted(tags[-1]), content["context"]))),
                        *(folded[word] for word in said),
                    )
                ),
            )
        )
    with transaction.atomic():
        Entry.objects.bulk_create(entries)
        Draft.objects.bulk_create(
            Draft(entry=entry, content=content)
            for entry, content in zip(entries, contents, strict=True)
        )
        versions = Version.objects.bulk_create(
            Version(
                entry=entry,
                number=1,
                content=content,
                content_hash=content_hash(content),
                prompt_hash=prompt_hash(content),
                created_at=moment,
            )
            for entry, content, moment in zip(entries, contents, moments, strict=True)
        )
        names = sorted(set().union(*tags))
        Tag.objects.bulk_create(
            (Tag(slug=slugify(name)[:40], name=name) for name in names), ignore_conflicts=True
        )
        known = {tag.name: tag.pk for tag in Tag.objects.filter(name__in=names)}
        filed = Entry.tags.through
        filed.objects.bulk_create(
            filed(entry_id=entry.pk, tag_id=known[name])
            for entry, wanted in zip(entries, tags, strict=True)
            for name in sorted(wanted)
        )
        Run.objects.bulk_create(
            Run(
                version=version,
                origin=Run.Origin.CAPTURED,
                state=Run.State.DONE,
                model_asked=MODELS[turn % len(MODELS)],
                model_answered=MODELS[turn % len(MODELS)],
                output="An answer of some length. " * 60,
                created_at=version.created_at,
                finished_at=version.created_at,
            )
            for version in versions
            for turn in range(runs)
        )
        # Listed last, in one statement: the full-text index then takes each entry once.
        ids = [entry.pk for entry in entries]
        latest = Version.objects.filter(entry=OuterRef("pk")).order_by("-number")
        Entry.objects.filter(pk__in=ids).update(
            published=Subquery(latest.values("pk")[:1]),
            baseline=Subquery(latest.values("pk")[:1]),
            visibility=Entry.Visibility.LISTED,
        )


def main() -> None:
    """Read the command line, seed, and say how long it took."""
    parser = argparse.ArgumentParser(description="Add listed entries to the database.")
    parser.add_argument("count", type=int)
    parser.add_argument("--runs", type=int, default=2, help="captured runs of each entry")
    parser.add_argument("--words", type=int, default=300, help="words in a prompt, about")
    parser.add_argument("--first", type=int, default=1, help="the first entry's number")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portfolio.settings")
    import django

    django.setup()
    start = time.monotonic()
    seed(options.count, runs=options.runs, words=options.words, first=options.first)
    sys.stdout.write(f"{options.count} entries in {time.monotonic() - start:.1f} s\n")


if __name__ == "__main__":
    main()
