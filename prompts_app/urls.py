"""Every route of the site, one list per feature; those of the studio are in urls_studio.py."""

from allauth.urls import urlpatterns as allauth_urls
from django.contrib import admin
from django.urls import include, path, re_path

from prompts_app import urls_studio
from prompts_app.urls_studio import Routes
from prompts_app.views import (
    accounts,
    archive,
    comparisons,
    contact,
    contact_messages,
    entries,
    entry_export,
    evidence,
    evidence_answers,
    evidence_files,
    explore,
    feeds,
    language,
    leaving,
    media,
    preview_cards,
    profiles,
    prompt_files,
    receipts,
    reports,
    resume,
    runs,
    sessions,
    share_dossier,
    share_media,
    share_open,
    share_page,
    share_visits,
    site_texts,
    trial,
    tryit,
)

account_routes: Routes = [
    path("accounts/invitation/<slug:code>/", accounts.invitation, name="invitation"),
    path("accounts/2fa/totp/code.svg", accounts.totp_picture, name="totp_picture"),
    path("accounts/2fa/webauthn/login/", accounts.passkey_sign_in, name="mfa_login_webauthn"),
    path("accounts/sessions/", sessions.all_sessions, name="usersessions_list"),
    path("accounts/delete/", leaving.delete_account, name="account_delete"),
    path("accounts/left/", leaving.left, name="left"),
    path("accounts/", include(list(accounts.with_site_manners(allauth_urls)))),
    path("admin/", admin.site.urls),
    path("language/", language.set_language, name="language"),
]

operator_routes: Routes = [
    path("report/", reports.report, name="report"),
    path("legal/", site_texts.legal, name="legal"),
    path("privacy/", site_texts.privacy, name="privacy"),
]

tryit_routes: Routes = [
    path("@<slug:handle>/<slug:slug>/try/", tryit.try_entry, name="try"),
    path("tries/<uuid:trial_id>/", trial.trial, name="trial"),
    path("tries/<uuid:trial_id>/run/", tryit.run_column, name="trial_run"),
    path("tries/<uuid:trial_id>/delete/", trial.trial_delete, name="trial_delete"),
]

explore_routes: Routes = [
    path("", explore.home, name="home"),
    path("explore/", explore.explore, name="explore"),
]

public: Routes = [
    path("@<slug:handle>/", profiles.profile_page, name="profile"),
    path("@<slug:handle>/resume.json", resume.profile_resume, name="profile_resume"),
    path("@<slug:handle>/<slug:slug>/", entries.entry_page, name="entry"),
    path("@<slug:handle>/<slug:slug>/v<int:number>/", entries.version_page, name="version"),
    path(
        "@<slug:handle>/<slug:slug>/v<int:number>/<str:name>",
        prompt_files.prompt_file,
        name="prompt_file",
    ),
    path("@<slug:handle>/<slug:slug>/compare/", comparisons.compare_page, name="compare"),
    path("runs/<uuid:run_id>/", runs.run_page, name="run"),
]

evidence_routes: Routes = [
    path("@<slug:handle>/<slug:slug>/evidence/", evidence.evidence_page, name="evidence"),
    path(
        "@<slug:handle>/<slug:slug>/evidence/answers/",
        evidence_answers.answers_page,
        name="evidence_answers",
    ),
    path(
        "@<slug:handle>/<slug:slug>/evidence/results.csv",
        evidence_files.csv_file,
        name="evidence_csv",
    ),
    path(
        "@<slug:handle>/<slug:slug>/evidence/results.json",
        evidence_files.json_file,
        name="evidence_json",
    ),
    path(
        "@<slug:handle>/<slug:slug>/evidence/promptfooconfig.yaml",
        evidence_files.promptfoo_config,
        name="evidence_promptfoo",
    ),
]

receipt_routes: Routes = [
    path("runs/<uuid:run_id>/receipt.json", receipts.receipt_file, name="receipt"),
    path("runs/<uuid:run_id>/keys.json", receipts.run_keys, name="run_keys"),
    path("verify/", receipts.verify, name="verify"),
    path("verify/verify.py", receipts.script_file, name="receipt_script"),
    path(".well-known/promptfolio-keys.json", receipts.key_file, name="receipt_keys"),
]

card_routes: Routes = [
    path("cards/<uuid:key>.png", preview_cards.card, name="card"),
]

files: Routes = [
    path("media/<uuid:picture_id>-small.webp", media.small_picture_file, name="picture_small"),
    path("media/<uuid:picture_id>.<slug:suffix>", media.picture_file, name="picture"),
]

machines: Routes = [
    path("robots.txt", feeds.robots, name="robots"),
    path("sitemap.xml", feeds.sitemap, name="sitemap"),
    re_path(
        r"^sitemap-(?P<part>entries|profiles)-(?P<number>[0-9]{1,6})\.xml$",
        feeds.sitemap_part,
        name="sitemap_part",
    ),
    path("feed.atom", feeds.feed, name="feed"),
]

archive_routes: Routes = [
    path("studio/export/", archive.export, name="studio_export"),
    path("studio/export/portfolio.zip", archive.archive_file, name="studio_export_file"),
    path("studio/export/site/", archive.site, name="studio_export_site"),
    path("studio/export/site.zip", archive.site_file, name="studio_export_site_file"),
    path(
        "studio/entries/<slug:slug>/export/promptfolio.json",
        archive.entry_file,
        name="studio_entry_json",
    ),
    path("studio/entries/<slug:slug>/export/", entry_export.export, name="studio_entry_export"),
    path(
        "studio/entries/<slug:slug>/export/<slug:kind>/",
        entry_export.export_file,
        name="studio_entry_export_file",
    ),
    path("schemas/promptfolio-1.json", archive.schema, name="schema"),
]

_of_link: Routes = [
    path("", share_page.page, name="share"),
    path("open/", share_open.open_link, name="share_open"),
    path("runs/<uuid:run_id>/", share_page.run_page, name="share_run"),
    path("runs/<uuid:run_id>/receipt/", share_page.receipt_check, name="share_check"),
    path("runs/<uuid:run_id>/receipt.json", share_page.receipt_file, name="share_receipt"),
    path(
        "media/<uuid:picture_id>-small.webp",
        share_media.small_picture_file,
        name="share_picture_small",
    ),
    path("media/<uuid:picture_id>.<slug:suffix>", share_media.picture_file, name="share_picture"),
    path("dossier.pdf", share_dossier.dossier, name="share_dossier"),
    path("visit/", share_visits.visit, name="share_visit"),
    path("uncount/", share_visits.uncount, name="share_uncount"),
    path("contact/", contact.share_contact, name="share_contact"),
    path("ask/", contact.share_ask, name="share_ask"),
    path("page/report/", reports.share_report, name="share_report"),
    path("<slug:slug>/try/", tryit.share_try, name="share_try"),
    # Last of all: a slug could be any of the other words.
    path("<slug:slug>/", share_page.entry_page, name="share_entry"),
]
share_routes: Routes = [path("s/<str:token>/", include(_of_link))]

contact_routes: Routes = [
    path("@<slug:handle>/contact/", contact.profile_contact, name="profile_contact"),
    path("studio/messages/", contact_messages.all_messages, name="studio_messages"),
    path("studio/messages/<uuid:message_id>/", contact_messages.one_message, name="studio_message"),
    path(
        "studio/messages/<uuid:message_id>/delete/",
        contact_messages.delete_message,
        name="studio_message_delete",
    ),
]

urlpatterns: Routes = [
    # Before entries: no entry has the slug "contact".
    *contact_routes,
    *account_routes,
    *operator_routes,
    *tryit_routes,
    *explore_routes,
    *public,
    *evidence_routes,
    *receipt_routes,
    *files,
    *card_routes,
    *machines,
    *archive_routes,
    *urls_studio.routes,
    *share_routes,
]
