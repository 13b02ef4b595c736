"""Tables of the site, one module per feature."""

from prompts_app.models.accounts import Invitation, SiteGrant, Spending, User
from prompts_app.models.addresses import FormerHandle, FormerSlug
from prompts_app.models.draft_runs import DraftRun
from prompts_app.models.entries import Draft, Entry, Tag, TestCase
from prompts_app.models.evaluations import Evaluation
from prompts_app.models.imports import Import
from prompts_app.models.ledger import BudgetDay, Reservation
from prompts_app.models.pictures import Picture
from prompts_app.models.previews import PreviewCard
from prompts_app.models.profiles import Profile
from prompts_app.models.providers import LLMModel, Provider
from prompts_app.models.receipts import CapturedElsewhere, Receipt, ReceiptKey
from prompts_app.models.rendered import RenderedText
from prompts_app.models.reports import Report
from prompts_app.models.runs import Run
from prompts_app.models.shares import ContactMessage, ShareItem, ShareLink, Visit, VisitDay
from prompts_app.models.site import KeyFingerprint, SiteText
from prompts_app.models.tallies import Tally
from prompts_app.models.tries import RefusalCount, Try, VisitorSalt
from prompts_app.models.versions import Version

__all__ = [
    "BudgetDay",
    "CapturedElsewhere",
    "ContactMessage",
    "Draft",
    "DraftRun",
    "Entry",
    "Evaluation",
    "FormerHandle",
    "FormerSlug",
    "Import",
    "Invitation",
    "KeyFingerprint",
    "LLMModel",
    "Picture",
    "PreviewCard",
    "Profile",
    "Provider",
    "Receipt",
    "ReceiptKey",
    "RefusalCount",
    "RenderedText",
    "Report",
    "Reservation",
    "Run",
    "ShareItem",
    "ShareLink",
    "SiteGrant",
    "SiteText",
    "Spending",
    "Tag",
    "Tally",
    "TestCase",
    "Try",
    "User",
    "Version",
    "Visit",
    "VisitDay",
    "VisitorSalt",
]
