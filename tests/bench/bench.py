"""One run of the bench: its server, its books, its gateway, its sizes."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import vault
from tests.bench.children import Children
from tests.bench.server import Server
from tests.sandbox.connections import serve


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How many rows; the medians are of so many rounds."""

    closing: int = 20_000
    dispatch: int = 2_000
    few_dispatched: int = 500
    month: int = 100_000
    growth: tuple[int, int] = (10_000, 100_000)
    uses: int = 4_000
    users: int = 8
    rounds: int = 3
    clients: int = 8
    sales_of_a_client: int = 250
    sandbox_books: tuple[int, int] = (100, 100_000)
    rounds_of_costs: int = 6
    calls_of_a_round: int = 30
    million: int = 1_000_000


SHORT = Sizes(
    closing=20,
    dispatch=20,
    few_dispatched=10,
    month=20,
    growth=(10, 20),
    uses=20,
    users=2,
    rounds=1,
    clients=1,
    sales_of_a_client=5,
    sandbox_books=(20, 40),
    rounds_of_costs=1,
    calls_of_a_round=1,
    million=20,
)


class Bench:
    """What the figures are measured with."""

    def __init__(self, folder: Path, sizes: Sizes):
        self.folder, self.sizes = folder, sizes
        self.server = Server(quick=sizes is SHORT)
        self._children = Children(self.server.environment())
        self._templates = {}
        self._vault = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._children.__exit__()
        self.server.drop_all()

    def filled(self, **how):
        """Return the name of a database with books as `filling_books.fill` makes them; for copies."""
        key = tuple(sorted(how.items()))
        if key not in self._templates:
            name = self.server.new(self.filled() if how else "template1")
            self.run(name, ("fill", how) if how else ("migrate", {}))
            self._templates[key] = name
        return self._templates[key]

    def run(self, name, *orders, gateway=None):
        """Measure a process for each of `orders`, on the database `name` and the served sandbox `gateway`."""
        where = {} if gateway is None else {"gateway": f"http://127.0.0.1:{gateway.port}"}
        return self._children.measure(name, *orders, **where)

    def run_on_copy(self, template, *orders, gateway=None):
        """Do as `run` does, on a copy of the database that is then thrown away."""
        with self.server.copy(template) as name:
            return self.run(name, *orders, gateway=gateway)

    @contextmanager
    def gateway(self, milliseconds):
        """Give a served sandbox that has the cards of the books, and answers that many milliseconds late."""
        if self._vault is None:
            self._vault = self.folder / "vault.sqlite3"
            vault.fill(self._vault, self.sizes.dispatch)
        with serve(self._vault, "--latency", str(milliseconds)) as process:
            yield process

    def medians(self, *works):
        """Do each of `works` in turns, so that what else the machine does meets all; return their medians."""
        rounds = [[work() for work in works] for _ in range(self.sizes.rounds)]
        return [median(results) for results in zip(*rounds, strict=True)]


def median(results):
    """Return the one of `results` that has the middle rate; of an even number, the slower one."""
    return sorted(results, key=lambda one: one.rate)[(len(results) - 1) // 2]
