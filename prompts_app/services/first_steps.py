"""The way from an empty studio to something an employer can look at: three steps.

What is done is read from what is there; only what the author passed over is kept, on the account.
"""

import secrets
from dataclasses import dataclass
from typing import Literal

from django.db.models import Exists, OuterRef

from prompts_app.models import Entry, Profile, Run, User
from prompts_app.services import profiles
from prompts_app.services.addresses import HandleTaken

STEPS = ("profile", "entry", "proof")


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `state`: done, passed over, the one to take now, or later."""

    key: str
    state: Literal["done", "skipped", "now", "later"]


@dataclass(frozen=True, slots=True)
class Path:
    """The three steps; `entry` is what the last one is about, `lacks` what it lacks first.

    That is a prompt to "write", a version to "publish", an "output", or readers ("show").
    """

    steps: list[Step]
    entry: Entry | None
    lacks: str


def path_of(user: User) -> Path | None:
    """Return the steps of an author; None once each of them is done or passed over."""
    skipped = set(user.skipped_steps)
    if skipped.issuperset(STEPS):
        return None
    profile = getattr(user, "profile", None)
    entry = _furthest(user)
    lacks = _lacks(entry) if entry else ""
    done = {
        "profile": profile is not None and not _is_stand_in(profile),
        "entry": entry is not None,
        "proof": entry is not None and not lacks,
    }
    if all(done[key] or key in skipped for key in STEPS):
        return None
    steps: list[Step] = []
    for key in STEPS:
        waits = any(step.state == "now" for step in steps)
        left = "skipped" if key in skipped else "later" if waits else "now"
        steps.append(Step(key, "done" if done[key] else left))  # type: ignore[arg-type]
    return Path(steps, entry, lacks)


def _furthest(user: User) -> Entry | None:
    """The entry that lacks least, the last one changed among equals."""
    outputs = Run.objects.shown().filter(version__entry=OuterRef("pk"))
    rows = Entry.objects.filter(owner=user).kept().annotate(has_output=Exists(outputs))
    rows = rows.select_related("draft").defer("search_text", "use_case")
    shown = rows.filter(has_output=True, published__isnull=False, visibility__in=Entry.SHARED)
    return shown.first() or rows.order_by("-has_output", "-published_at", "-updated_at").first()


def _lacks(entry: Entry) -> str:
    if entry.published_id is None:
        messages = entry.draft.content["messages"]
        written = any(one["content"].strip() for one in messages)
        return "publish" if written else "write"
    if not entry.has_output:  # type: ignore[attr-defined]
        return "output"
    return "" if entry.visibility in Entry.SHARED else "show"


def skip(user: User, key: str) -> None:
    """Pass over a step, or "all" of them.

    Whoever has no profile yet gets a stand-in, which an entry's address needs; it can be filled in
    at any time.
    """
    wanted = set(STEPS) if key == "all" else {key}
    user.skipped_steps = sorted(wanted.union(user.skipped_steps))
    user.save(update_fields=["skipped_steps"])
    if not Profile.objects.filter(user=user).exists():
        _stand_in(user)


def _stand_in(user: User) -> None:
    while True:
        handle = f"author-{secrets.token_hex(4)}"
        try:
            profiles.save_profile(user, handle=handle, name=handle)
        except HandleTaken:
            continue
        return


def _is_stand_in(profile: Profile) -> bool:
    return profile.name == profile.handle
