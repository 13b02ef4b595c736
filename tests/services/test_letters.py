"""Mails about messages: in whose language, to whom, again after a refusal, and never twice."""

import re
import smtplib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from pytest_django import Settings

from prompts_app.models import ContactMessage, ShareLink, User
from prompts_app.services import letters, share_tokens
from tests import factories
from tests.clock import Clock

pytestmark = pytest.mark.django_db


class Server(BaseEmailBackend):
    """A mail server at its wire: what it is told to do, and what it took."""

    open_error: Exception | None = None
    send_error: Exception | None = None
    taken: list[EmailMessage] = []

    def open(self) -> bool:
        """Refuse where told to."""
        if Server.open_error is not None:
            raise Server.open_error
        return True

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Take every mail, or raise what was told."""
        if Server.send_error is not None:
            raise Server.send_error
        Server.taken.extend(email_messages)
        return len(email_messages)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stands still until moved."""
    with Clock() as clock:
        yield clock


@pytest.fixture
def server(settings: Settings, clock: Clock) -> type[Server]:
    """The site's mail server."""
    settings.EMAIL_BACKEND = f"{__name__}.Server"
    Server.open_error, Server.send_error, Server.taken = None, None, []
    return Server


@pytest.fixture
def owner(clock: Clock) -> User:
    """An author whose account is in French."""
    return factories.profile(factories.user("ada@example.org", language="fr")).user


def message(owner: User, **fields: Any) -> ContactMessage:
    """Return a message to the author."""
    now = timezone.now()
    values: dict[str, Any] = {
        "name": "Grace",
        "email": "grace@example.org",
        "text": "Shall we <talk>?",
        "created_at": now,
        "mail_due": now,
    } | fields
    return ContactMessage.objects.create(owner=owner, **values)


def test_the_author_gets_one_mail_that_can_be_answered(
    owner: User, clock: Clock, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    link = ShareLink(owner=owner, label="Acme, autumn")
    share_tokens.mint(link)
    link.save()
    kept = message(owner, link=link)
    assert letters.send_due() == 1
    clock.move(timedelta(days=1))
    assert letters.send_due() == 0
    [sent] = mailoutbox
    assert (sent.to, sent.reply_to) == (["ada@example.org"], ["grace@example.org"])
    assert sent.from_email == settings.DEFAULT_FROM_EMAIL
    for text in ("Shall we <talk>?", "Acme, autumn", f"/studio/messages/{kept.pk}/"):
        assert text in sent.body
    kept.refresh_from_db()
    assert kept.mailed_at is not None


def test_the_mail_speaks_the_accounts_language(
    owner: User, clock: Clock, mailoutbox: list[EmailMessage]
) -> None:
    message(owner)
    message(factories.profile(factories.user(language="en")).user)
    assert letters.send_due() == 2
    french, english = sorted(mailoutbox, key=lambda one: one.to[0] != "ada@example.org")
    assert english.subject == "A message from Grace"
    assert french.subject == "Un message de Grace"


@pytest.mark.parametrize(
    "name",
    ["Grace\nBcc: everyone@example.org", "Grace\r\n\r\nBody", "Grace\u2028Bcc: x", "\x07\x1b[31m"],
)
@pytest.mark.parametrize("email", ["grace@example.org\nBcc: e@example.org", "x", "<a@b.c>, d@e.f"])
def test_no_header_can_be_smuggled_in(
    owner: User, clock: Clock, mailoutbox: list[EmailMessage], name: str, email: str
) -> None:
    # As rows that no form has ever let through.
    message(owner, name=name, email=email)
    assert letters.send_due() == 1
    [sent] = mailoutbox
    assert sent.recipients() == ["ada@example.org"]
    parsed = message_from_bytes(sent.message().as_bytes(), policy=policy.default)
    assert parsed["Bcc"] is None
    assert parsed["Reply-To"] is None
    assert set(parsed.keys()) <= {
        *("Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To"),
        *("Message-ID", "Date"),
    }
    assert not re.search(r"[\r\n]", str(sent.subject))


def test_a_server_that_is_away_is_tried_again(
    owner: User, clock: Clock, server: type[Server]
) -> None:
    kept = message(owner)
    for error in (ConnectionRefusedError(), smtplib.SMTPConnectError(421, b"busy"), TimeoutError()):
        server.open_error = error
        assert letters.send_due() == 0
    server.open_error = None
    assert letters.send_due() == 1
    kept.refresh_from_db()
    assert kept.mailed_at is not None
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPDataError(451, b"try later"),
        smtplib.SMTPRecipientsRefused({"ada@example.org": (550, b"who?")}),
        smtplib.SMTPSenderRefused(530, b"no", "noreply@example.org"),
    ],
)
def test_a_refused_mail_is_tried_again_later_and_given_up_in_the_end(
    owner: User,
    clock: Clock,
    server: type[Server],
    error: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    message(owner)
    server.send_error = error
    assert letters.send_due() == 0
    server.send_error = None
    assert letters.send_due() == 0
    clock.move(letters.TRY_AGAIN)
    assert letters.send_due() == 1
    late = message(owner)
    clock.move(letters.GIVEN_UP_AFTER)
    assert letters.send_due() == 0
    late.refresh_from_db()
    assert late.mailed_at is None
    assert len(server.taken) == 1
    assert "ada@example.org" not in caplog.text


@pytest.mark.parametrize(
    "error", [smtplib.SMTPServerDisconnected("gone"), TimeoutError(), RuntimeError("anything")]
)
def test_a_mail_that_may_have_been_taken_is_never_sent_again(
    owner: User, clock: Clock, server: type[Server], error: Exception
) -> None:
    message(owner)
    second = message(owner, name="Second", mail_due=clock.now + timedelta(seconds=1))
    server.send_error = error
    letters.send_due()
    server.send_error = None
    for _turn in range(3):
        clock.move(timedelta(hours=1))
        letters.send_due()
    assert [one.extra_headers["Message-ID"].split("@")[0] for one in server.taken] == [
        f"<{second.pk}"
    ]


def test_two_workers_send_one_mail(
    owner: User, clock: Clock, server: type[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    message(owner)
    # The other one reads the same rows before this one claims any.
    opened = server.open

    def other_first(self: Server) -> bool:
        monkeypatch.setattr(Server, "open", opened)
        assert letters.send_due() == 1
        return opened(self)

    monkeypatch.setattr(Server, "open", other_first)
    assert letters.send_due() == 0
    assert len(server.taken) == 1


def test_closed_accounts_get_no_mail(
    owner: User, clock: Clock, mailoutbox: list[EmailMessage]
) -> None:
    message(owner)
    User.objects.update(is_active=False)
    assert letters.send_due() == 0
    assert mail.outbox == []


def test_a_round_takes_only_so_many(
    owner: User, clock: Clock, mailoutbox: list[EmailMessage]
) -> None:
    for _turn in range(letters.AT_ONCE + 3):
        message(owner)
    assert [letters.send_due() for _turn in range(3)] == [letters.AT_ONCE, 3, 0]
