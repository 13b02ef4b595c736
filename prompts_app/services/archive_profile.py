"""The profile of an archive: its columns, the pictures it shows, and which entries show a skill."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prompts_app.models import Entry, Picture, Profile, SkillShown, User
from prompts_app.services import profiles
from prompts_app.services.archive_entries import read_picture
from prompts_app.services.archive_rows import fields_of, values_of

Add = Callable[[str, bytes], None]


def values(profile: Profile, add: Add) -> dict[str, Any]:
    """Return a profile as an archive tells it; `add` is given each picture's path and bytes."""

    def path_of(picture: Picture | None) -> str | None:
        found = read_picture(picture) if picture is not None else None
        if found is None:
            return None
        add(*found)
        return found[0]

    proofs = Picture.objects.in_bulk(profiles.proofs_of(profile))
    rows = [one for one in profile.certifications if isinstance(one, dict)]
    named = {str(key): picture for key, picture in proofs.items()}
    return {
        **values_of(profile),
        "avatar": path_of(profile.avatar),
        "certifications": [
            {**row, "proof": path_of(named.get(_id_of(row.get("proof")))) or ""} for row in rows
        ],
        "skills_shown": [
            {"skill": skill, "entry": slug}
            for skill, slug in SkillShown.objects.filter(
                profile=profile, entry__purge_at__isnull=True
            )
            .order_by("skill", "entry__created_at", "entry")
            .values_list("skill", "entry__slug")
        ],
    }


def _id_of(proof: Any) -> str:
    return str(proof.get("id", "")) if isinstance(proof, dict) else ""


def paths(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of all pictures that a profile in an archive shows."""
    if told["avatar"] is not None:
        yield told["avatar"]
    yield from (row["proof"] for row in told["certifications"] if row.get("proof"))


def save(
    owner: User,
    told: Mapping[str, Any],
    picture: Callable[[str | None], Picture | None],
    entries: Mapping[str, Entry],
) -> None:
    """Put an archive's profile in the place of the owner's, handle excepted.

    `picture` returns the row of the one at a path; `entries` are those that were made, by their
    slugs in the archive.
    """
    fields = fields_of(Profile, dict(told))
    del fields["handle"]
    profile = owner.profile
    former = [*Picture.objects.filter(pk__in=profiles.proofs_of(profile))]
    if profile.avatar is not None:
        former.append(profile.avatar)
    for name, value in fields.items():
        setattr(profile, name, value)
    profile.avatar = picture(told["avatar"])
    profile.certifications = [
        {**row, "proof": _described(picture(row.get("proof") or None))}
        for row in told["certifications"]
    ]
    profile.save()
    shown = profiles.proofs_of(profile) | {profile.avatar_id}
    for one in former:
        if one.pk not in shown:
            one.delete()
    SkillShown.objects.filter(profile=profile).delete()
    SkillShown.objects.bulk_create(
        (
            SkillShown(profile=profile, skill=row["skill"], entry=entries[row["entry"]])
            for row in told["skills_shown"]
            if row["entry"] in entries
        ),
        ignore_conflicts=True,
    )


def _described(picture: Picture | None) -> dict[str, str | int] | str:
    return profiles.described(picture) if picture is not None else ""
