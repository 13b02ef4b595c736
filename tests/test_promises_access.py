"""Who is told what: every route of the site, by every method, whoever knocks.

The table is the promise. A route that is not in it fails, and so does an answer that is another
one than it says. The entry is one for share links alone, so that whatever is not the link's shows.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_django import Settings

from prompts_app.models import Entry
from prompts_app.services import visitors
from tests.walking import ROLES, Route, Walk, routes

pytestmark = pytest.mark.django_db


class Told(NamedTuple):
    """The status that each is told, in the order of `ROLES`."""

    anonymous: int
    other: int
    holder: int
    expired: int
    owner: int


class Row(NamedTuple):
    """What a GET and an empty POST are told; a HEAD is told what a GET is, or 405."""

    get: Told
    post: Told


def everybody(status: int) -> Told:
    return Told(*[status] * 5)


def account(guest: int, signed_in: int) -> Told:
    """Return what depends on being signed in alone: to hold a link is to be nobody here."""
    return Told(guest, signed_in, guest, guest, signed_in)


def studio(owner: int, other: int = 404) -> Told:
    """Return what only authors are let to; others' work is not there."""
    return Told(302, other, 302, 302, owner)


def linked(holder: int, *, unknown: int = 404, expired: int = 410) -> Told:
    """Return what the token alone opens: one that is guessed is unknown."""
    return Told(unknown, unknown, holder, expired, holder)


NEVER = everybody(405)
OPEN = Row(everybody(200), NEVER)
# What an entry shows that is not public; of its own author it hides nothing.
ENTRY = Row(Told(404, 404, 404, 404, 200), NEVER)
SHARED = Row(linked(200), linked(405))
LOOK = Row(studio(200), studio(405, 405))
WORK = Row(studio(200), studio(422))
OWN_WORK = Row(studio(200, 200), studio(422, 422))


def act(owner: int, other: int = 404) -> Row:
    """Return what authors do by POST alone."""
    return Row(studio(405, 405), studio(owner, other))


ACCOUNTS = {
    "invitation": Row(everybody(404), NEVER),
    "totp_picture": Row(everybody(302), NEVER),
    "account_login": Row(account(200, 302), account(422, 302)),
    "account_logout": Row(account(302, 200), everybody(302)),
    "account_inactive": OPEN,
    "account_signup": Row(account(200, 302), account(200, 302)),
    "account_reauthenticate": Row(account(302, 200), account(302, 422)),
    "account_email": Row(account(302, 200), everybody(302)),
    "account_email_verification_sent": OPEN,
    "account_change_password": Row(account(302, 200), account(302, 422)),
    "account_set_password": Row(everybody(302), everybody(302)),
    "account_reset_password": Row(everybody(200), everybody(422)),
    "account_confirm_login_code": Row(everybody(302), everybody(302)),
    "account_confirm_email": Row(everybody(200), everybody(404)),
    "account_reset_password_from_key_done": OPEN,
    "account_reset_password_from_key": Row(everybody(200), everybody(422)),
    "account_reset_password_done": OPEN,
    "mfa_index": Row(account(302, 200), account(302, 405)),
    "mfa_authenticate": Row(everybody(302), everybody(302)),
    "mfa_reauthenticate": Row(everybody(302), everybody(302)),
    "mfa_activate_totp": Row(everybody(302), everybody(302)),
    "mfa_deactivate_totp": Row(account(302, 404), account(302, 404)),
    "mfa_view_recovery_codes": Row(account(302, 404), account(302, 405)),
    "mfa_generate_recovery_codes": Row(everybody(302), everybody(302)),
    "mfa_download_recovery_codes": Row(account(302, 404), account(302, 404)),
    "mfa_list_webauthn": Row(account(302, 200), account(302, 405)),
    "mfa_add_webauthn": Row(everybody(302), everybody(302)),
    "mfa_edit_webauthn": Row(everybody(302), everybody(302)),
    "mfa_remove_webauthn": Row(everybody(302), everybody(302)),
    "mfa_reauthenticate_webauthn": Row(everybody(302), everybody(302)),
    "mfa_login_webauthn": Row(everybody(302), everybody(302)),
    "usersessions_list": Row(account(302, 200), everybody(302)),
    "account_delete": Row(everybody(302), everybody(302)),
    "left": OPEN,
    "language": Row(NEVER, everybody(302)),
}

PUBLIC = {
    "home": OPEN,
    "explore": OPEN,
    "verify": Row(everybody(200), everybody(422)),
    "receipt_script": OPEN,
    "receipt_keys": OPEN,
    "schema": OPEN,
    # The run was captured here.
    "run_keys": Row(everybody(404), NEVER),
    "robots": OPEN,
    "sitemap": OPEN,
    "sitemap_part": OPEN,
    "feed": OPEN,
    # A try is for whoever knows its unguessable address.
    "trial": OPEN,
    "trial_run": Row(NEVER, everybody(303)),
    "trial_delete": Row(NEVER, everybody(302)),
    # The operator wrote none, and sign-up is not open.
    "legal": Row(everybody(404), NEVER),
    "privacy": Row(everybody(404), NEVER),
    "report": Row(everybody(404), everybody(404)),
    # No card has that key.
    "card": Row(everybody(404), NEVER),
}

ENTRIES = {
    **dict.fromkeys(("profile", "entry", "version", "compare", "run", "receipt"), ENTRY),
    **dict.fromkeys(("evidence", "evidence_answers", "evidence_csv", "evidence_json"), ENTRY),
    **dict.fromkeys(("evidence_promptfoo", "picture", "picture_small"), ENTRY),
    "prompt_file": ENTRY,
    "try": Row(ENTRY.get, Told(404, 404, 404, 404, 422)),
}

STUDIO = {
    "studio": Row(studio(200, 200), studio(405, 405)),
    # No step is named.
    "studio_skip_step": act(404, 404),
    "studio_archived": Row(studio(200, 200), studio(405, 405)),
    "studio_bin": Row(studio(200, 200), studio(405, 405)),
    # The entry is not in the bin.
    "studio_bin_restore": act(404),
    "studio_bin_delete": Row(studio(404), studio(404)),
    # Nothing says where to.
    "studio_entry_move": act(404),
    "studio_entry_pin": act(302),
    "studio_entry_archive": act(302),
    "studio_entry_take_back": act(302),
    "studio_limits": OWN_WORK,
    "studio_export": Row(studio(200, 200), studio(303, 303)),
    # What the row above has made.
    "studio_export_file": Row(studio(200, 200), studio(405, 405)),
    # No entry of the walk's authors is listed.
    "studio_export_site": Row(studio(302, 302), studio(404, 404)),
    "studio_export_site_file": Row(studio(404), studio(405, 405)),
    "studio_entry_json": LOOK,
    "studio_entry_export": LOOK,
    "studio_entry_export_file": LOOK,
    "studio_pause": act(302, 302),
    "studio_profile": OWN_WORK,
    "studio_avatar": act(422, 422),
    "studio_proof": Row(studio(200, 200), studio(405, 405)),
    # The profile names no skill and no certification.
    "studio_proof_skill": act(404),
    "studio_proof_certificate": act(404),
    "studio_resume": Row(studio(200, 200), studio(405, 405)),
    "studio_entry_new": OWN_WORK,
    "studio_entry": WORK,
    "studio_preview": act(200),
    "studio_draft_run": act(422),
    "studio_entry_settings": WORK,
    "studio_translation": WORK,
    "studio_cover": act(422),
    "studio_entry_delete": Row(studio(200), studio(302)),
    "studio_cases": LOOK,
    "studio_case_new": WORK,
    "studio_case": WORK,
    "studio_case_remove": act(302),
    # The case is not removed, the run has not failed, the evaluation is not stopped.
    "studio_case_restore": act(404),
    "studio_output_retry": act(404),
    "studio_evaluation_resume": act(404),
    "studio_versions": WORK,
    "studio_withdraw": WORK,
    # An empty form names no version and no model.
    "studio_outputs": Row(studio(200), studio(404)),
    "studio_evidence": Row(studio(200), studio(404)),
    "studio_output": Row(studio(302), studio(405, 405)),
    "studio_output_cancel": act(302),
    "studio_output_hide": act(302),
    # What was captured is proof: it is hidden, never deleted.
    "studio_output_delete": Row(studio(404), studio(404)),
    "studio_evaluation_cost": LOOK,
    "studio_judging_cost": LOOK,
    "studio_evaluation": LOOK,
    "studio_evaluation_stop": act(302),
    "studio_providers": Row(studio(200, 200), studio(405, 405)),
    "studio_provider_new": OWN_WORK,
    "studio_provider": Row(studio(200), studio(404)),
    "studio_provider_delete": Row(studio(200), studio(302)),
    "studio_links": Row(studio(200, 200), studio(405, 405)),
    "studio_link_new": OWN_WORK,
    "studio_link_note": act(200, 200),
    "studio_link": LOOK,
    "studio_link_edit": WORK,
    "studio_link_duplicate": WORK,
    "studio_link_revoke": act(302),
    "studio_link_code_svg": LOOK,
    "studio_link_code_png": LOOK,
    "studio_import": OWN_WORK,
    # Nothing is in that upload, and it was not brought in.
    "studio_import_check": WORK,
    "studio_import_discard": act(302),
    "studio_imports": Row(studio(200, 200), studio(405, 405)),
    "studio_import_done": Row(studio(302), studio(405, 405)),
    "studio_import_undo": Row(studio(302), studio(302)),
    "studio_messages": Row(studio(200, 200), studio(405, 405)),
    "studio_message": LOOK,
    "studio_message_delete": act(302),
}

SHARES = {
    **dict.fromkeys(("share", "share_entry", "share_run"), SHARED),
    **dict.fromkeys(("share_check", "share_receipt"), SHARED),
    **dict.fromkeys(("share_picture", "share_picture_small"), SHARED),
    "share_open": Row(linked(303), linked(422)),
    "share_try": Row(linked(200), linked(422)),
    "share_dossier": Row(linked(200), NEVER),
    "share_visit": Row(NEVER, linked(204)),
    "share_uncount": Row(NEVER, linked(303)),
    # The author takes no messages unless they say so.
    "share_contact": Row(linked(404), linked(404)),
    "profile_contact": Row(everybody(404), everybody(404)),
    # Nor is their profile a file for everybody.
    "profile_resume": Row(everybody(404), NEVER),
    # Nobody signs up here by themselves.
    "share_report": Row(linked(404), linked(404)),
    # Only where a link has expired is there another to ask for.
    "share_ask": Row(linked(303, expired=200), linked(303, expired=422)),
}

TABLE = ACCOUNTS | PUBLIC | ENTRIES | STUDIO | SHARES
# The administration lets staff in, and none of these is.
ADMIN = Row(everybody(302), everybody(302))
ADMIN_LOGIN = Row(account(302, 403), account(302, 403))


@pytest.fixture(autouse=True)
def own_place(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Keep pictures in the test's own folder, and no salt of a day that its database forgot."""
    settings.STATIC_ROOT = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    visitors._salt_of.cache_clear()
    yield
    visitors._salt_of.cache_clear()


def row_of(route: Route) -> Row:
    if route.name.startswith("admin:"):
        return ADMIN_LOGIN if route.name == "admin:login" else ADMIN
    assert route.name in TABLE, f"say in the table who may use {route.name} ({route.pattern})"
    return TABLE[route.name]


def told(walk: Walk, route: Route, method: str) -> Told:
    return Told(*[walk.knock(route, role, method) for role in ROLES])


def test_everybody_is_told_what_the_table_says() -> None:
    walk = Walk()
    wrong = []
    for route in routes():
        row = row_of(route)
        got = {method: told(walk, route, method) for method in ("GET", "HEAD", "POST")}
        if got["GET"] != row.get:
            wrong.append((route.name, "GET", got["GET"], row.get))
        if got["POST"] != row.post:
            wrong.append((route.name, "POST", got["POST"], row.post))
        for head, get in zip(got["HEAD"], got["GET"], strict=True):
            # Asked for the head of what there is only a form for, 405 tells no more than a GET.
            if head not in (get, 405):
                wrong.append((route.name, "HEAD", got["HEAD"], got["GET"]))
    assert not wrong, "\n".join(map(str, wrong))


def test_every_row_is_of_a_route() -> None:
    names = {route.name for route in routes()}
    assert TABLE.keys() == {name for name in names if not name.startswith("admin:")}


def test_who_holds_a_link_is_nobody_elsewhere() -> None:
    for name, row in TABLE.items():
        if name not in SHARES:
            for one in row:
                assert one.anonymous == one.holder == one.expired, name


@pytest.mark.parametrize("visibility", [Entry.Visibility.UNLISTED, Entry.Visibility.LISTED])
def test_what_a_public_entry_shows_is_for_everybody(visibility: Entry.Visibility) -> None:
    walk = Walk(visibility)
    for route in routes():
        if route.name in ENTRIES and (
            route.name != "profile" or visibility == Entry.Visibility.LISTED
        ):
            assert told(walk, route, "GET") == everybody(200), route.name


def test_a_route_that_nobody_thought_of_fails() -> None:
    with pytest.raises(AssertionError, match="who may use surprise"):
        row_of(Route("surprise", "surprise/", (), is_regex=False))
