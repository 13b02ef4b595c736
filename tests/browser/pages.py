"""The pages of both ways, by name: what is checked on every page is checked on these."""

import json

from tests.site import RunningSite

# {words} stand for addresses that only the running site knows: see `known`.
VISITORS = {
    "home": "/",
    "explore": "/explore/",
    "search": "/explore/?q=ticket&language=en",
    "search without results": "/explore/?q=zyzzyva",
    "profile": "/@sample/",
    "contact": "/@sample/contact/",
    "entry": "/@sample/support-ticket-triage/",
    "entry in French": "/@sample/facture-vers-json/",
    "picture entry": "/@sample/product-picture/",
    "version": "/@sample/support-ticket-triage/v1/",
    "comparison": "/@sample/support-ticket-triage/compare/?from=1&to=3",
    "evidence": "/@sample/support-ticket-triage/evidence/",
    "evidence of a constraint": "/@sample/support-ticket-triage/evidence/?constraint=1",
    "answers of a cell": "/@sample/support-ticket-triage/evidence/answers/",
    "run": "/runs/{run}/",
    "try": "/@sample/support-ticket-triage/try/?case={case}",
    "picture try": "/@sample/product-picture/try/",
    "own try": "/tries/{attempt}/",
    "check a receipt": "/verify/",
    "sign in": "/accounts/login/",
    "sign up": "/accounts/signup/",
    "forgotten password": "/accounts/password/reset/",
    "closed account": "/accounts/left/",
    "suspended account": "/accounts/inactive/",
}
AUTHORS = {
    "studio": "/studio/",
    "new entry": "/studio/entries/new/",
    "editor": "/studio/entries/support-ticket-triage/",
    "picture editor": "/studio/entries/product-picture/",
    "cases": "/studio/entries/support-ticket-triage/cases/",
    "new case": "/studio/entries/support-ticket-triage/cases/new/",
    "case": "/studio/entries/support-ticket-triage/cases/{case}/",
    "versions": "/studio/entries/sql-explainer/versions/",
    "withdraw": "/studio/entries/support-ticket-triage/versions/1/withdraw/",
    "outputs": "/studio/entries/support-ticket-triage/outputs/",
    "picture outputs": "/studio/entries/product-picture/outputs/",
    "delete output": "/studio/entries/support-ticket-triage/outputs/{pasted}/delete/",
    "evidence in the studio": "/studio/entries/support-ticket-triage/evidence/",
    "evaluation": "/studio/entries/support-ticket-triage/evidence/{evaluation}/",
    "answers of an evaluation": (
        "/studio/entries/support-ticket-triage/outputs/?version=1&evaluation={evaluation}"
    ),
    "settings": "/studio/entries/product-picture/settings/",
    "delete entry": "/studio/entries/support-ticket-triage/delete/",
    "bin": "/studio/bin/",
    "delete for good": "/studio/bin/gone-soon/delete/",
    "archive": "/studio/archived/",
    "own entry": "/@sample/support-ticket-triage/",
    "profile form": "/studio/profile/",
    "import": "/studio/import/",
    "look at an import": "/studio/import/{waiting}/",
    "imports": "/studio/imports/",
    "what an import made": "/studio/imports/{imported}/",
    "take an import back": "/studio/imports/{imported}/undo/",
    "messages": "/studio/messages/",
    "message": "/studio/messages/{message}/",
    "export": "/studio/export/",
    "limits": "/studio/limits/",
    "links": "/studio/links/",
    "new link": "/studio/links/new/",
    "link": "/studio/links/{link}/",
    "edit link": "/studio/links/{link}/edit/",
    "duplicate link": "/studio/links/{link}/duplicate/",
    "models": "/studio/models/",
    "new provider": "/studio/models/new/?preset=openai",
    "provider": "/studio/models/{provider}/",
    "delete provider": "/studio/models/{provider}/delete/",
    "e-mail addresses": "/accounts/email/",
    "change password": "/accounts/password/change/",
    "two steps": "/accounts/2fa/",
    "set up two steps": "/accounts/2fa/totp/activate/",
    "passkeys": "/accounts/2fa/webauthn/",
    "where one is signed in": "/accounts/sessions/",
    "is it you": "/accounts/reauthenticate/",
    "sign out": "/accounts/logout/",
}

KNOWN = """
import json
from tests import factories, importing
from prompts_app.models import ContactMessage, Entry, Evaluation, Profile, User
from prompts_app.services import arranging, endings, shares
author = User.objects.get(email="demo@promptfolio.example")
triage = Entry.objects.get(slug="support-ticket-triage")
case = triage.cases.order_by("position").first()
provider = factories.provider(author, name="A provider of one's own")
factories.model(provider, "some-model")
factories.model(provider, "some-picture-model", kind="image")
evaluation = Evaluation.objects.create(entry=triage, total=3, repeats=3, bound=1_000_000)
for repeat, fields in enumerate((
    {}, {"state": "failed", "error_code": "silent", "attempts": 4}, {"state": "stopped"}), 1):
    factories.run(triage.baseline, case, evaluation=evaluation, repeat=repeat, **fields)
Profile.objects.filter(user=author).update(contact_mode="form", certifications=[
    {"name": "A long course about writing prompts that keep what they promise", "url": "",
     "issuer": "The institute for promises that are kept", "issued": "2025-11", "expires": ""},
    {"name": "Another", "issuer": "A school", "issued": "2019-03", "expires": "2020-03",
     "url": "https://example.org/certificates/7"}])
Entry.objects.filter(pk=triage.pk).update(
    role_in_team="I wrote the prompt; two colleagues labelled 300 tickets.",
    used_where="In the support desk of a mail-order shop.",
    outcome="The first answer takes four hours instead of nine.")
endings.discard(factories.entry(author, title="Gone soon", slug="gone-soon"))
endings.archive(factories.entry(author, title="Put away"))
arranging.pin(triage)
message = ContactMessage.objects.create(
    owner=author, name="Grace Hopper", email="grace@example.org", text="Shall we talk?")
draft = Entry.objects.get(slug="sql-explainer").draft
draft.content["messages"][0]["content"] += " And a change not published yet."
draft.save()
link = shares.make_link(
    author, [shares.Chosen(triage, triage.published, "You get many tickets.")],
    company="A company with a rather long name", role="Prompt engineer", note="Dear *company*")
print(json.dumps({
    "waiting": str(importing.uploaded(author, importing.prompts(3)).pk),
    "imported": str(importing.brought(author, importing.whole()).pk),
    "link": str(link.pk),
    "case": str(case.pk),
    "run": str(triage.published.runs.filter(case=case).first().pk),
    "pasted": str(factories.run(triage.published, origin="pasted").pk),
    "attempt": str(factories.attempt(triage, output="One *answer*.", values=case.values).pk),
    "provider": provider.pk,
    "evaluation": str(evaluation.pk),
    "message": str(message.pk),
}))
"""


def known(site: RunningSite) -> dict[str, str]:
    """Make what the pages need beyond the sample portfolio, and return the words of addresses."""
    words: dict[str, str] = json.loads(site.python(KNOWN))
    return words
