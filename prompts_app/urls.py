"""Every route of the site, one list per feature."""

from allauth.urls import urlpatterns as allauth_urls
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from prompts_app.views import (
    accounts,
    archive,
    arranging,
    cases,
    comparisons,
    contact,
    contact_messages,
    editor,
    endings,
    entries,
    entry_export,
    evaluation,
    evaluations,
    evidence,
    evidence_answers,
    evidence_files,
    explore,
    feeds,
    imports,
    language,
    leaving,
    limits,
    media,
    new_entry,
    output,
    outputs,
    preview_cards,
    profile_edit,
    profiles,
    provider,
    providers,
    receipts,
    reports,
    runs,
    sessions,
    share_dossier,
    share_media,
    share_open,
    share_page,
    share_visits,
    shares,
    shares_edit,
    site_texts,
    studio,
    trial,
    tryit,
    versions,
)

Routes = list[URLPattern | URLResolver]

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
    path("@<slug:handle>/<slug:slug>/", entries.entry_page, name="entry"),
    path("@<slug:handle>/<slug:slug>/v<int:number>/", entries.version_page, name="version"),
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

limits_routes: Routes = [
    path("studio/limits/", limits.limits, name="studio_limits"),
    path("studio/limits/pause/", limits.pause, name="studio_pause"),
]

profile_edit_routes: Routes = [
    path("studio/profile/", profile_edit.profile, name="studio_profile"),
    path("studio/profile/picture/", profile_edit.avatar, name="studio_avatar"),
]

studio_routes: Routes = [
    path("studio/", studio.studio, name="studio"),
    path("studio/first-steps/skip/", new_entry.skip_step, name="studio_skip_step"),
    path("studio/archived/", endings.archived, name="studio_archived"),
    path("studio/bin/", endings.bin_page, name="studio_bin"),
    path("studio/bin/<slug:slug>/restore/", endings.restore, name="studio_bin_restore"),
    path("studio/bin/<slug:slug>/delete/", endings.delete_now, name="studio_bin_delete"),
    path("studio/entries/new/", new_entry.new_entry, name="studio_entry_new"),
    path("studio/entries/<slug:slug>/", editor.draft, name="studio_entry"),
    path("studio/entries/<slug:slug>/preview/", editor.preview, name="studio_preview"),
    path("studio/entries/<slug:slug>/run/", editor.run, name="studio_draft_run"),
    path("studio/entries/<slug:slug>/settings/", studio.settings, name="studio_entry_settings"),
    path("studio/entries/<slug:slug>/cover/", studio.cover, name="studio_cover"),
    path("studio/entries/<slug:slug>/move/", arranging.move, name="studio_entry_move"),
    path("studio/entries/<slug:slug>/pin/", arranging.pin, name="studio_entry_pin"),
    path("studio/entries/<slug:slug>/archive/", endings.archive, name="studio_entry_archive"),
    path("studio/entries/<slug:slug>/take-back/", endings.take_back, name="studio_entry_take_back"),
    path("studio/entries/<slug:slug>/delete/", endings.delete, name="studio_entry_delete"),
    path("studio/entries/<slug:slug>/cases/", cases.cases, name="studio_cases"),
    path("studio/entries/<slug:slug>/cases/new/", cases.new_case, name="studio_case_new"),
    path("studio/entries/<slug:slug>/cases/<uuid:case_id>/", cases.edit_case, name="studio_case"),
    path(
        "studio/entries/<slug:slug>/cases/<uuid:case_id>/remove/",
        cases.remove_case,
        name="studio_case_remove",
    ),
    path(
        "studio/entries/<slug:slug>/cases/<uuid:case_id>/restore/",
        cases.restore_case,
        name="studio_case_restore",
    ),
    path("studio/entries/<slug:slug>/versions/", versions.versions, name="studio_versions"),
    path(
        "studio/entries/<slug:slug>/versions/<int:number>/withdraw/",
        versions.withdraw,
        name="studio_withdraw",
    ),
    path("studio/entries/<slug:slug>/outputs/", outputs.all_outputs, name="studio_outputs"),
    path("studio/entries/<slug:slug>/outputs/<uuid:run_id>/", output.output, name="studio_output"),
    path(
        "studio/entries/<slug:slug>/outputs/<uuid:run_id>/cancel/",
        output.cancel,
        name="studio_output_cancel",
    ),
    path(
        "studio/entries/<slug:slug>/outputs/<uuid:run_id>/retry/",
        output.retry,
        name="studio_output_retry",
    ),
    path(
        "studio/entries/<slug:slug>/outputs/<uuid:run_id>/hide/",
        output.hide,
        name="studio_output_hide",
    ),
    path(
        "studio/entries/<slug:slug>/outputs/<uuid:run_id>/delete/",
        output.delete,
        name="studio_output_delete",
    ),
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

evaluation_routes: Routes = [
    path("studio/entries/<slug:slug>/evidence/", evaluations.evidence, name="studio_evidence"),
    path(
        "studio/entries/<slug:slug>/evidence/cost/",
        evaluations.evaluation_cost,
        name="studio_evaluation_cost",
    ),
    path(
        "studio/entries/<slug:slug>/evidence/judging/",
        evaluations.stored_cost,
        name="studio_judging_cost",
    ),
    path(
        "studio/entries/<slug:slug>/evidence/<uuid:evaluation_id>/",
        evaluation.evaluation,
        name="studio_evaluation",
    ),
    path(
        "studio/entries/<slug:slug>/evidence/<uuid:evaluation_id>/stop/",
        evaluation.stop,
        name="studio_evaluation_stop",
    ),
    path(
        "studio/entries/<slug:slug>/evidence/<uuid:evaluation_id>/resume/",
        evaluation.resume,
        name="studio_evaluation_resume",
    ),
]

provider_routes: Routes = [
    path("studio/models/", providers.all_providers, name="studio_providers"),
    path("studio/models/new/", providers.new_provider, name="studio_provider_new"),
    path("studio/models/<int:pk>/", provider.one_provider, name="studio_provider"),
    path(
        "studio/models/<int:pk>/delete/", providers.delete_provider, name="studio_provider_delete"
    ),
]

_of_link: Routes = [
    path("", share_page.page, name="share"),
    path("open/", share_open.open_link, name="share_open"),
    path("runs/<uuid:run_id>/", share_page.run_page, name="share_run"),
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

link_routes: Routes = [
    path("studio/links/", shares.all_links, name="studio_links"),
    path("studio/links/new/", shares_edit.new_link, name="studio_link_new"),
    path("studio/links/note/", shares_edit.note, name="studio_link_note"),
    path("studio/links/<uuid:link_id>/", shares.one_link, name="studio_link"),
    path("studio/links/<uuid:link_id>/edit/", shares_edit.edit, name="studio_link_edit"),
    path(
        "studio/links/<uuid:link_id>/duplicate/",
        shares_edit.duplicate,
        name="studio_link_duplicate",
    ),
    path("studio/links/<uuid:link_id>/revoke/", shares.revoke, name="studio_link_revoke"),
    path(
        "studio/links/<uuid:link_id>/qr.svg",
        shares.code,
        {"kind": "svg"},
        name="studio_link_code_svg",
    ),
    path(
        "studio/links/<uuid:link_id>/qr.png",
        shares.code,
        {"kind": "png"},
        name="studio_link_code_png",
    ),
]

import_routes: Routes = [
    path("studio/import/", imports.new_import, name="studio_import"),
    path("studio/import/<uuid:import_id>/", imports.check, name="studio_import_check"),
    path("studio/import/<uuid:import_id>/discard/", imports.discard, name="studio_import_discard"),
    path("studio/imports/", imports.all_imports, name="studio_imports"),
    path("studio/imports/<uuid:import_id>/", imports.done, name="studio_import_done"),
    path("studio/imports/<uuid:import_id>/undo/", imports.undo, name="studio_import_undo"),
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
    *limits_routes,
    *profile_edit_routes,
    *studio_routes,
    *archive_routes,
    *evaluation_routes,
    *provider_routes,
    *link_routes,
    *import_routes,
    *share_routes,
]
