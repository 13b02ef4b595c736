"""A profile in the fields of JSON Resume, schema 1.0.0 (https://jsonresume.org/schema)."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from prompts_app.models import Entry, Profile
from prompts_app.services import skills
from prompts_app.services.second_language import told
from prompts_app.templatetags import profiles
from prompts_app.templatetags.prompts import picture_url

SCHEMA = "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json"
VERSION = "v1.0.0"
# A reader of a CV looks at few; the newest are told.
_PROJECTS = 50


def of_profile(profile: Profile, listed: QuerySet[Entry]) -> dict[str, Any]:
    """Return what the profile's public page says, as JSON Resume; what is missing is left out.

    `listed` are the entries that stand on it. Pronouns and kinds of work have no field there. An
    e-mail address is told only where the page shows it. Four queries.
    """
    address = _url("profile", profile.handle)
    shown = skills.shown(profile, listed)
    basics = {
        "name": profile.name,
        "label": profile.headline,
        "image": settings.SITE_URL + picture_url(profile.avatar) if profile.avatar else "",
        "email": profiles.contact_address(profile),
        "url": address,
        "summary": profile.bio.strip(),
        "location": {"city": profile.location} if profile.location else {},
        "profiles": [
            {"network": one["label"], "url": one["url"]} for one in profiles.web_links(profile)
        ],
    }
    found = {
        "$schema": SCHEMA,
        "basics": _told(basics),
        "work": [_job(one) for one in profiles.experience(profile)],
        "certificates": [_certificate(one) for one in profiles.certifications(profile)],
        "skills": [
            _told({"name": skill, "keywords": [told(one.title, one) for one in some]})
            for skill, some in shown.items()
        ],
        "languages": [
            _told({"language": one.name, "fluency": one.said})
            for one in profiles.languages(profile)
        ],
        "projects": _projects(profile, listed),
        "meta": {"canonical": address, "version": VERSION},
    }
    return _told(found)


def _job(one: profiles.Job) -> dict[str, Any]:
    return _told(
        {
            "name": one.where,
            "position": one.role,
            "startDate": _month(one.began),
            "endDate": _month(one.ended),
            "summary": one.text,
        }
    )


def _certificate(one: profiles.Certification) -> dict[str, Any]:
    return _told(
        {"name": one.name, "issuer": one.issuer, "date": _month(one.issued), "url": one.url}
    )


def _projects(profile: Profile, listed: QuerySet[Entry]) -> list[dict[str, Any]]:
    rows = listed.order_by("-published_at", "-pk").prefetch_related("tags")
    return [
        _told(
            {
                "name": told(entry.title, entry),
                "description": told(entry.summary, entry),
                "highlights": [told(entry.outcome, entry)] if entry.outcome else [],
                "keywords": [tag.name for tag in entry.tags.all()],
                "url": _url("entry", profile.handle, entry.slug),
                "type": "prompt",
            }
        )
        for entry in rows.defer("search_text")[:_PROJECTS]
    ]


def _url(name: str, *arguments: str) -> str:
    return settings.SITE_URL + reverse(name, args=arguments)


def _month(moment: Any) -> str:
    return f"{moment:%Y-%m}" if moment is not None else ""


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing."""
    return {name: value for name, value in fields.items() if value}
