"""Reports of pages in the admin, and the operator's own texts."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prompts_app.forms.fields import PlainCharField
from prompts_app.models import Report, SiteText
from prompts_app.services import accounts, reports


class ReportForm(forms.ModelForm):
    """What became of it."""

    class Meta:
        model = Report
        fields = ("state", "action")


@admin.register(Report)
class ReportAdmin(admin.ModelAdmin):
    """Pages that somebody thinks should not be there. Closed ones go after half a year."""

    form = ReportForm
    list_display = ("where", "reason", "state", "author", "created_at", "action")
    list_filter = ("state", "reason")
    search_fields = ("page", "author__email")
    list_select_related = ("author",)
    date_hierarchy = "created_at"
    fields = (
        *("where", "author", "reason", "text", "email", "created_at"),
        *("state", "action", "closed_at"),
    )
    readonly_fields = ("where", "author", "reason", "text", "email", "created_at", "closed_at")
    actions = ("suspend_author", "acted", "dismiss")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from the site's own form."""
        return False

    @admin.display(description=_("Page"), ordering="page")
    def where(self, report: Report) -> str:
        """Its address, to be looked at; a share link's page by the link's id alone."""
        if report.is_of_link:
            said = gettext("page of a share link")
            return f"{report.page} ({said})"
        address = settings.SITE_URL + report.page
        return format_html('<a href="{}" rel="noreferrer">{}</a>', address, report.page)

    def save_model(self, request: HttpRequest, obj: Report, form: Any, change: bool) -> None:
        """Remember when it was closed."""
        if obj.state == Report.State.OPEN:
            obj.closed_at = None
            super().save_model(request, obj, form, change)
        else:
            reports.close(obj, Report.State(obj.state), obj.action)

    @admin.action(description=_("Suspend the author"), permissions=["change"])
    def suspend_author(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        """Close the accounts of the authors of the chosen pages, and the reports."""
        for report in chosen:
            if report.author is None:
                self.message_user(
                    request, f"{_('nobody to suspend')}: {report.page}", messages.ERROR
                )
                continue
            try:
                accounts.suspend(report.author)
            except accounts.LastOperator:
                text = gettext("%(email)s stays: nobody else could open this administration.")
                self.message_user(request, text % {"email": report.author.email}, messages.ERROR)
                continue
            reports.close(report, Report.State.ACTED, gettext("author suspended"))
            self.message_user(request, f"{_('suspended')}: {report.author.email}", messages.SUCCESS)

    @admin.action(description=_("Close: dealt with"), permissions=["change"])
    def acted(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        """Close the chosen reports."""
        for report in chosen:
            reports.close(report, Report.State.ACTED)

    @admin.action(description=_("Close: nothing to do"), permissions=["change"])
    def dismiss(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        """Close the chosen reports."""
        for report in chosen:
            reports.close(report, Report.State.DISMISSED)


class SiteTextForm(forms.ModelForm):
    """Markdown, as authors write it."""

    text = PlainCharField(
        label=_("Text"),
        multiline=True,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 30, "cols": 100}),
        help_text=_("Markdown. Shown at once; other processes follow within seconds."),
    )

    class Meta:
        model = SiteText
        fields = ("kind", "language", "text")


@admin.register(SiteText)
class SiteTextAdmin(admin.ModelAdmin):
    """Legal notice (in French the mentions légales), privacy, and how to reach the operator."""

    form = SiteTextForm
    list_display = ("kind", "language", "updated_at")
