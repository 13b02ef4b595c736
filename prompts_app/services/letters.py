"""Mails to authors about messages that are kept in their studio. Sent by the worker, never twice.

A mail is claimed before it is handed to the mail server. Where the server said no it is tried
again; where nobody knows whether it was taken (the connection broke, the worker was killed) it is
not: the message stands in the studio.
"""

import logging
import smtplib
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from prompts_app.models import ContactMessage
from prompts_app.services import contact

log = logging.getLogger("promptfolio.letters")

AT_ONCE = 20
TRY_AGAIN = timedelta(minutes=15)
# A mail this late would surprise more than it helps.
GIVEN_UP_AFTER = timedelta(days=3)
# The server answered, and the answer was no.
_REFUSED = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
)


def send_due() -> int:
    """Send the mails that are due, as many as one round takes; return how many were taken."""
    now = timezone.now()
    due = ContactMessage.objects.filter(
        mail_due__lte=now, created_at__gt=now - GIVEN_UP_AFTER, owner__is_active=True
    )
    found = list(due.select_related("owner", "link").order_by("mail_due")[:AT_ONCE])
    if not found:
        return 0
    connection = mail.get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        # Nothing was claimed: the next round tries again.
        log.warning("the mail server cannot be reached: %s", type(error).__name__)
        return 0
    sent = 0
    try:
        for message in found:
            if _claimed(message):
                if not _sent(message, connection):
                    # What state the connection is in, nobody knows.
                    break
                sent += 1
    finally:
        _close(connection)
    return sent


def _claimed(message: ContactMessage) -> bool:
    """Take a mail, so that no other worker and no later round sends it too."""
    same = ContactMessage.objects.filter(pk=message.pk, mail_due=message.mail_due)
    return same.update(mail_due=None) == 1


def _sent(message: ContactMessage, connection: BaseEmailBackend) -> bool:
    """Hand a mail over; logs name the kind of an error only, for its text holds addresses."""
    mine = ContactMessage.objects.filter(pk=message.pk)
    try:
        connection.send_messages([letter(message)])
    except _REFUSED as error:
        log.warning("message %s: its mail was refused: %s", message.pk, type(error).__name__)
        mine.update(mail_due=timezone.now() + TRY_AGAIN)
        return False
    except Exception as error:
        # Whatever it is, it must not end the worker.
        log.error("message %s: its mail may be lost: %s", message.pk, type(error).__name__)
        return False
    mine.update(mailed_at=timezone.now())
    return True


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        log.warning("the mail server broke off: %s", type(error).__name__)


def letter(message: ContactMessage) -> EmailMessage:
    """Return the mail about a message, in the language of its author's account."""
    owner = message.owner
    with translation.override(owner.language or settings.LANGUAGE_CODE):
        name = " ".join(message.name.split())
        if message.about == contact.NEW_LINK:
            subject = _("Somebody asks for a new link")
        elif name:
            subject = _("A message from %(name)s") % {"name": name}
        else:
            subject = _("A message through your pages")
        email = _valid(message.email)
        context = {
            "message": message,
            "name": name,
            "asks": message.about == contact.NEW_LINK,
            "email": email,
            "url": settings.SITE_URL + reverse("studio_message", args=[message.pk]),
        }
        body = render_to_string("contact/mail.txt", context)
        return EmailMessage(
            # Django refuses line breaks in a subject; what was kept otherwise must not stop it.
            subject="".join(one for one in subject if one.isprintable()),
            body=body,
            to=[owner.email],
            reply_to=[email] if email else [],
            headers={"Message-ID": f"<{message.pk}@{urlsplit(settings.SITE_URL).hostname}>"},
        )


def _valid(email: str) -> str:
    """An address that can be answered to; "" for what is none."""
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email
