"""The storm on the limits: visitors press Run in many processes that are killed on the way."""

import random
import time
import uuid
from collections import Counter
from datetime import timedelta

from django.db import connection
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from prompts_app.models import BudgetDay, Entry, Reservation, ShareLink, Spending, Try, Version
from prompts_app.services import accounts, books, budget, days, limits, tries, tryit
from prompts_app.services.calls import Admitted
from prompts_app.services.visitors import Visitor
from tests import factories
from tests.soak.storm import Journal, Report

FAR = {"tries_per_visitor": 500, "tries_per_entry": 1000, "tries_per_day": 2000}
# Of each author another limit is near; for the fourth it is the money, of so many calls.
NEAR: tuple[dict[str, int], ...] = (
    {"tries_per_visitor": 6},
    {"tries_per_entry": 20},
    {"tries_per_day": 30},
    {},
)
CALLS = (5000, 5000, 5000, 10)
AT_ONCE = 3
# Of each author's share link; the money is near as well.
LINK_TRIES, LINK_CALLS = 12, 3
VISITORS = 6
GONE = budget.LEASE + timedelta(seconds=1)


class LimitsStorm:
    """Four authors with two entries each; every worker presses Run so often on each entry.

    One press in four comes through the author's share link.
    """

    def __init__(self, journal: Journal, *, presses: int) -> None:
        self.journal = journal
        self.presses = presses
        self.entries: list[int] = []
        self.owners: list[int] = []
        self.links: dict[int, ShareLink] = {}

    def prepare(self) -> None:
        """Make the authors, each near another limit."""
        for near, number in zip(NEAR, CALLS, strict=True):
            entry = factories.entry(factories.profile(handle=f"a{uuid.uuid4().hex[:12]}").user)
            model = factories.model(factories.provider(entry.owner))
            bound = tryit.bound_of([tryit.Column(self._published(entry), model)], {"text": "x"})
            assert bound is not None
            Spending.objects.create(
                owner=entry.owner,
                daily_limit=number * bound,
                tries_at_once=AT_ONCE,
                **(FAR | near),
            )
            for one in (entry, factories.entry(entry.owner)):
                one.tryable.add(model)
                self.entries.append(one.pk)
            self.owners.append(entry.owner_id)
            self.links[entry.owner_id] = factories.share_link(
                entry.owner, entry, tries_allowed=LINK_TRIES, budget=LINK_CALLS * bound
            )

    def _published(self, entry: Entry) -> Version:
        assert entry.published is not None
        entry.published.entry = entry
        return entry.published

    def work(self, seed: int) -> None:
        """Press Run all over, in one to three columns, and let most of it end."""
        rng = random.Random(seed)
        for _ in range(self.presses * len(self.entries)):
            entry = Entry.objects.select_related("owner__spending", "published").get(
                pk=rng.choice(self.entries)
            )
            name = f"{rng.randrange(VISITORS):064d}"
            column = tryit.Column(self._published(entry), tryit.models_for(entry)[0])
            group, number = uuid.uuid4(), rng.randint(1, 3)
            link = self.links[entry.owner_id] if rng.random() < 0.25 else None
            visitor = Visitor(name, name)
            try:
                admitted = tryit.admit(group, [column] * number, {"text": "x"}, visitor, link)
            except limits.Refused as refused:
                self.journal.write("refused", refused.code)
                continue
            self.journal.write("admitted", group, number)
            for one in admitted:
                self._run(one, number > 1, rng)

    def _run(self, admitted: Admitted[Try], waits: bool, rng: random.Random) -> None:
        if waits:
            if rng.random() < 0.2:
                return  # A column that its visitor never begins.
            try:
                admitted = tryit.start(admitted.attempt.pk)
            except (tryit.NotWaiting, limits.Refused):
                return
        time.sleep(rng.uniform(0, 0.01))
        if rng.random() < 0.05:
            return  # A process that never comes back to it.
        budget.settle(admitted.reservation, 1)
        tries.write_down(admitted.attempt, state=Try.State.DONE, output="An answer", cost=1)

    def accompany(self, seed: int) -> None:
        """Let leases and waits run out, and watch the limits all the while."""
        rng = random.Random(seed)
        while True:
            self._let_time_pass(rng)
            tries.take_back_overdue()
            tries.mark_interrupted()
            budget.forfeit_expired()
            self._watch()
            time.sleep(0.05)

    def _let_time_pass(self, rng: random.Random) -> None:
        open_ones = Try.objects.filter(state__in=(Try.State.WAITING, Try.State.RUNNING))
        for attempt in open_ones.filter(entry__in=self.entries)[:6]:
            if rng.random() < 0.3:
                # Never into yesterday, whose tries nobody counts.
                past = max(timezone.now() - GONE, days.start(days.today()))
                Try.objects.filter(pk=attempt.pk).update(created_at=past)
                Reservation.objects.filter(attempt=attempt, state=Reservation.State.OPEN).update(
                    lease_until=timezone.now() - timedelta(seconds=1)
                )

    def _watch(self) -> None:
        running = Q(
            state__in=(Try.State.RUNNING, Try.State.WAITING),
            created_at__gt=timezone.now() - tries.WAIT,
        )
        rows = Try.objects.filter(running, entry__owner__in=self.owners, link=None).order_by()
        for row in rows.values("entry__owner").annotate(n=Count("group", distinct=True)):
            if row["n"] > AT_ONCE:
                self.journal.write("broken", f"{row['n']} at once")
        for _ in BudgetDay.objects.filter(
            owner__in=self.owners, limit__lt=F("spent") + F("reserved")
        ):
            self.journal.write("broken", "spent more than allowed")

    def judge(self, report: Report) -> None:
        """End what the dead left, and compare what was let in with what was allowed."""
        past = timezone.now() - GONE
        mine = Try.objects.filter(entry__in=self.entries)
        Reservation.objects.filter(attempt__in=mine).update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )
        mine.filter(state__in=(Try.State.WAITING, Try.State.RUNNING)).update(created_at=past)
        tries.take_back_overdue()
        tries.mark_interrupted()
        budget.forfeit_expired()
        counted = mine.filter(counts=True, link=None).order_by()
        for limit, by in (
            ("tries_per_visitor", ("entry__owner", "visitor")),
            ("tries_per_entry", ("entry",)),
            ("tries_per_day", ("entry__owner",)),
        ):
            allowed = F(f"entry__owner__spending__{limit}")
            beyond = counted.values(*by, allowed=allowed).annotate(n=Count("pk"))
            report.violations += [
                f"{limit}: {row['n']} of {row['allowed']}"
                for row in beyond.filter(n__gt=F("allowed"))
            ]
        self._judge_links(report)
        self._judge_groups(report)
        self._judge_money(report)
        report.figures |= {
            "admitted": len(self.journal.lines("admitted")),
            **Counter(f"refused: {code}" for (code,) in self.journal.lines("refused")),
        }
        for owner in {entry.owner for entry in Entry.objects.filter(pk__in=self.entries)}:
            accounts.delete_author(owner)
        connection.close()

    def _judge_links(self, report: Report) -> None:
        """Each link let in what it allows, and its rows of all days hold what it may spend."""
        for link in self.links.values():
            number = Try.objects.filter(link=link, counts=True).count()
            if number > link.tries_allowed:
                report.violations.append(f"{number} tries through a link of {link.tries_allowed}")
            spent = books.used_by_link(link)
            if spent > link.budget:
                report.violations.append(f"a link spent {spent} of {link.budget}")

    def _judge_groups(self, report: Report) -> None:
        """A group is there with all its columns or not at all, whoever was killed when."""
        mine = Try.objects.filter(entry__in=self.entries).order_by()
        sizes = dict(mine.values_list("group").annotate(n=Count("pk")))
        for group, number in self.journal.lines("admitted"):
            if sizes.get(uuid.UUID(group)) != int(number):
                report.violations.append(f"{sizes.get(uuid.UUID(group))} of {number} columns")
        open_ones = mine.filter(state__in=(Try.State.WAITING, Try.State.RUNNING)).count()
        if open_ones:
            report.violations.append(f"{open_ones} tries never ended")

    def _judge_money(self, report: Report) -> None:
        for owner in self.owners:
            for day in BudgetDay.objects.filter(owner=owner):
                rows = Reservation.objects.filter(budget_day=day)
                actual = rows.aggregate(sum=Sum("actual"))["sum"] or 0
                if (day.reserved, day.spent) != (0, actual):
                    report.violations.append(f"{day.spent} + {day.reserved}, settled {actual}")
                if rows.filter(attempt=None).exists():
                    report.violations.append("money was set aside for no try")
