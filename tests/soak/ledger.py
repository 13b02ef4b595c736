"""The storm on the ledger: reserve, be billed by the provider, settle; or die in between."""

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection
from django.db.models import Sum
from django.utils import timezone

from prompts_app.models import BudgetDay, Reservation, Spending, User
from prompts_app.services import budget, days
from tests.soak.storm import Journal, Report

OWN = BudgetDay.Purse.OWN
MOST = 100
# How often a worker tells the ledger again what the database was away for.
SETTLE_ATTEMPTS = 100


def reserve_by_reading(owner: User, purse: str, amount: int) -> Reservation:
    """The mistake the storm exists for: look whether it fits, then write what one has read."""
    today = timezone.now().date()
    day, _created = BudgetDay.objects.get_or_create(
        owner=owner, purse=purse, day=today, defaults={"limit": budget.day_limit(owner, purse)}
    )
    if day.spent + day.reserved + amount > day.limit:
        raise budget.BudgetExhausted(days.end(today))
    day.reserved += amount
    day.save(update_fields=["reserved"])
    return Reservation.objects.create(
        budget_day=day, amount=amount, lease_until=timezone.now() + budget.LEASE
    )


class LedgerStorm:
    """`authors` with a small limit each, drained in turn by every worker, `attempts` for each.

    With `broken`, workers reserve by reading first. With `outages`, the database may go away.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        authors: int,
        attempts: int,
        broken: bool = False,
        outages: bool = False,
    ) -> None:
        self.journal = journal
        self.authors, self.attempts, self.outages = authors, attempts, outages
        self.reserve: Callable[[User, str, int], Reservation] = (
            reserve_by_reading if broken else budget.reserve
        )
        self.owners: list[User] = []

    def prepare(self) -> None:
        """Make the authors; each limit is below what the workers will ask for."""
        for _ in range(self.authors):
            owner = User.objects.create(email=f"{uuid.uuid4().hex}@example.org")
            Spending.objects.create(
                owner=owner,
                daily_limit=self.attempts * MOST,
                tries_per_visitor=1,
                tries_per_entry=1,
            )
            self.owners.append(owner)

    def work(self, seed: int) -> None:
        """Go through the authors from a random one on."""
        rng = random.Random(seed)
        first = rng.randrange(3)
        for owner in self.owners[first:] + self.owners[:first]:
            for _ in range(self.attempts):
                try:
                    self._attempt(owner, rng)
                except IntegrityError as error:
                    self.journal.write("broken", f"the database objects: {error}".split("\n")[0])
                except (OperationalError, InterfaceError) as error:
                    self._note_outage(error)

    def _attempt(self, owner: User, rng: random.Random) -> None:
        amount = rng.randint(1, MOST)
        self.journal.write("attempt")
        try:
            reservation = self.reserve(owner, OWN, amount)
        except budget.BudgetExhausted:
            self.journal.write("refused")
            return
        cost = rng.randint(amount // 2, amount)
        # Here the provider answers: what it bills is true whatever happens to this process.
        self.journal.write("billed", owner.pk, reservation.pk, cost)
        time.sleep(rng.uniform(0.1, 0.2) if rng.random() < 0.04 else rng.uniform(0, 0.01))
        if rng.random() < 0.05:
            return  # A process that never comes back to it.
        told = cost if rng.random() < 0.9 else None
        for _ in range(SETTLE_ATTEMPTS):
            try:
                budget.settle(reservation.pk, told)
            except (OperationalError, InterfaceError) as error:
                self._note_outage(error)
            else:
                break
        if rng.random() < 0.1:
            budget.settle(reservation.pk, 0)

    def _note_outage(self, error: DatabaseError | InterfaceError) -> None:
        connection.close()
        self.journal.write("outage")
        if not self.outages:
            self.journal.write("broken", f"the database went away: {error}".split("\n")[0])
        time.sleep(0.02)

    def accompany(self, seed: int) -> None:
        """Let leases run out too early, reap, and watch the limit all the while."""
        rng = random.Random(seed)
        while True:
            try:
                for key in Reservation.objects.filter(state=Reservation.State.OPEN).values_list(
                    "pk", flat=True
                )[:10]:
                    if rng.random() < 0.3:
                        self._expire(pk=key)
                self.journal.write("forfeited", budget.forfeit_expired())
                for day in BudgetDay.objects.filter(owner__in=self.owners):
                    if day.spent + day.reserved > day.limit:
                        self.journal.write("broken", f"{day.spent} + {day.reserved} > {day.limit}")
            except IntegrityError as error:
                self.journal.write("broken", f"the database objects: {error}".split("\n")[0])
            except (OperationalError, InterfaceError) as error:
                self._note_outage(error)
            time.sleep(0.05)

    def _expire(self, **which: object) -> None:
        Reservation.objects.filter(state=Reservation.State.OPEN, **which).update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )

    def judge(self, report: Report) -> None:
        """Reap what the dead left, then compare the ledger with what the provider billed."""
        self._expire()
        reaped = sum(int(words[0]) for words in self.journal.lines("forfeited"))
        try:
            reaped += budget.forfeit_expired()
        except IntegrityError as error:
            report.violations.append(f"reaping: {error}".split("\n")[0])
        billed = {key: (int(owner), int(cost)) for owner, key, cost in self.journal.lines("billed")}
        most = max(self._judge_one(owner, billed, report) for owner in self.owners)
        states = Counter(
            Reservation.objects.filter(budget_day__owner__in=self.owners).values_list(
                "state", flat=True
            )
        )
        report.figures |= {
            "most billed, percent of the limit": round(100 * most / (self.attempts * MOST), 1),
            "attempts": len(self.journal.lines("attempt")),
            "billed": len(billed),
            "refused": len(self.journal.lines("refused")),
            "forfeited": reaped,
            "settled late": max(0, reaped - states[Reservation.State.FORFEITED]),
            "outages": len(self.journal.lines("outage")),
        }
        # What a broken ledger leaves can never be reaped, and the next storm's reaper would try.
        BudgetDay.objects.filter(owner__in=self.owners).delete()

    def _judge_one(self, owner: User, billed: dict[str, tuple[int, int]], report: Report) -> int:
        """Judge one author's day; return what the provider billed them."""
        limit = self.attempts * MOST
        true_cost = sum(cost for one, cost in billed.values() if one == owner.pk)
        if true_cost > limit:
            report.violations.append(f"the provider billed {true_cost} of {limit}")
        day = BudgetDay.objects.filter(owner=owner).first()
        if day is None:
            return true_cost
        rows = Reservation.objects.filter(budget_day=day)
        actual = rows.aggregate(sum=Sum("actual"))["sum"] or 0
        if (day.reserved, day.spent) != (0, actual):
            report.violations.append(
                f"the day says {day.spent} spent, {day.reserved} reserved; reservations: {actual}"
            )
        kept = {str(row.pk): row for row in rows}
        for key, row in kept.items():
            if row.state == Reservation.State.OPEN:
                report.violations.append("a reservation never ended")
            elif row.assumed and row.actual != row.amount:
                report.violations.append(f"assumed {row.actual} of {row.amount}")
            elif not row.assumed and row.actual != billed[key][1]:
                report.violations.append(f"{row.actual} settled, {billed[key][1]} billed")
        lost = {key for key, (one, _) in billed.items() if one == owner.pk} - set(kept)
        if lost:
            report.violations.append(f"{len(lost)} billed calls without a reservation")
        return true_cost
