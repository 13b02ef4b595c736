"""Signing in by passkey and by code, in a browser that has an authenticator of its own (CDP)."""

import re

from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.conftest import PASSWORD, Visit, sign_in
from tests.browser.watch import Watch
from tests.site import RunningSite

AUTHOR = """
from tests import factories
from prompts_app.services import accounts
author = accounts.create_author("{email}", "{password}", handle="{handle}", name="{handle}")
{more}
"""


def author(site: RunningSite, handle: str, more: str = "") -> str:
    """Make an author and return the address to sign in with."""
    email = f"{handle}@example.org"
    site.python(AUTHOR.format(email=email, password=PASSWORD, handle=handle, more=more))
    return email


def give_passkeys(page: Page) -> None:
    """Plug an authenticator into the browser that says yes to everything, with its finger."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def is_it_you(page: Page) -> None:
    """Type the password once more."""
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()


def test_a_passkey_is_added_opens_the_account_and_is_removed(
    site: RunningSite, visit: Visit
) -> None:
    page = visit()
    email = author(site, "passkey")
    sign_in(page, email, PASSWORD)
    give_passkeys(page)
    page.goto("/studio/profile/")
    page.get_by_role("link", name="Passkeys and second step").click()
    page.get_by_role("link", name="Add a passkey").click()
    is_it_you(page)
    page.get_by_label("Name").fill("This computer")
    expect(page.get_by_label("It signs me in without the password")).to_be_checked()
    page.get_by_role("button", name="Add the passkey").click()
    # The first one comes with codes for the day it is lost.
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    # The browser will not make a second one on the same device.
    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.locator("[data-passkey-said]")).to_have_text("This passkey is known already.")

    sign_out(page)
    # The page that was wanted, without the password and without a further step.
    page.goto("/studio/limits/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{site.url}/studio/limits/")

    page.goto("/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Rename").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    # Which the passkey answers too.
    page.get_by_role("link", name=re.compile("passkey|security key", re.I)).click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Save the name").click()
    expect(page.get_by_role("cell", name="My laptop").first).to_be_visible()

    sign_out(page)
    sign_in(page, email, PASSWORD)
    # As a second step after the password.
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{site.url}/studio/")

    page.goto("/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Remove").click()
    is_it_you(page)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("main")).to_contain_text("You have none yet.")


def test_a_browser_without_the_passkey_says_so(site: RunningSite, visit: Visit) -> None:
    page = visit()
    give_passkeys(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("[data-passkey-said]")).to_have_text(
        "Nothing came from the passkey. Try once more, or use your password."
    )
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()


def test_without_scripts_there_is_the_password(site: RunningSite, visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    email = author(site, "scriptless")
    sign_in(page, email, PASSWORD)
    expect(page).to_have_url(f"{site.url}/studio/")
    page.goto("/accounts/login/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


def test_a_code_from_an_app_is_set_up_and_asked_for(site: RunningSite, visit: Visit) -> None:
    page = visit()
    email = author(site, "codes")
    sign_in(page, email, PASSWORD)
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Set it up").click()
    is_it_you(page)
    secret = page.locator("#totp-key").inner_text()
    page.get_by_label("Six digits from the app").fill(factories.code_of(secret))
    page.get_by_role("button", name="Switch it on").click()
    recovery = page.locator("#recovery-codes li").first.inner_text()

    other = visit()
    sign_in(other, email, PASSWORD)
    expect(other.get_by_role("heading", name="One more step")).to_be_visible()
    other.get_by_label("Code").fill(recovery)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other).to_have_url(f"{site.url}/studio/")
    # Both are listed; the one signs the other out.
    page.goto("/accounts/sessions/")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_role("main")).to_contain_text("signed in nowhere else")
    other.reload()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_session_that_is_over_leads_back_to_the_page_wanted(
    site: RunningSite, visit: Visit
) -> None:
    page = visit()
    secret = "JBSWY3DPEHPK3PXP"
    email = author(
        site,
        "over",
        more=f"from allauth.mfa.totp.internal.auth import TOTP; TOTP.activate(author, '{secret}')",
    )
    sign_in(page, email, PASSWORD)
    page.get_by_label("Code").fill(factories.code_of(secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{site.url}/studio/")
    site.python(
        "from prompts_app.models import User; from prompts_app.services import sessions; "
        f"sessions.end_others(User.objects.get(email='{email}')); "
        "from django.core.cache import cache; cache.clear()"
    )
    page.get_by_role("link", name="Limits").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(factories.code_of(secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{site.url}/studio/limits/")


def test_an_account_is_deleted_and_brought_back(
    site: RunningSite, visit: Visit, watch: Watch
) -> None:
    watch.allowed.add(404)
    email = author(site, "leaver", more="factories.entry(author, slug='last-words')")
    stranger = visit()
    assert stranger.goto("/@leaver/last-words/").status == 200  # type: ignore[union-attr]
    page = visit()
    sign_in(page, email, PASSWORD)
    page.goto("/studio/profile/")
    page.get_by_role("link", name="Delete the account").click()
    is_it_you(page)
    expect(page.get_by_role("main")).to_contain_text("1 entry, with 1 version")
    page.get_by_label("I have read what goes").check()
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("heading", name="This account is closed")).to_be_visible()
    for gone in ("/@leaver/last-words/", "/@leaver/"):
        assert status(page, gone) == 404
    page.goto("/accounts/left/")
    page.get_by_role("link", name="Sign in and keep it").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("nothing is deleted")
    assert status(page, "/@leaver/last-words/") == 200


def status(page: Page, path: str) -> int:
    """Return what a browser is told there that nobody keeps pages for."""
    response = page.goto(path)
    assert response is not None
    return response.status


def test_the_admin_asks_for_a_second_step_first(site: RunningSite, visit: Visit) -> None:
    page = visit()
    email = author(site, "boss", more="author.is_staff = author.is_superuser = True; author.save()")
    give_passkeys(page)
    sign_in(page, email, PASSWORD)
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Passkeys and second step")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("The administration opens once you have")
    page.get_by_role("link", name="Add a passkey").click()
    is_it_you(page)
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Open the administration").click()
    expect(page).to_have_url(f"{site.url}/admin/")
