"""The figures, by their names: each takes the bench and yields rows of the table."""

from tests.bench.figures import closing, dispatching, growth, month, sandbox, using

FIGURES = {
    "closing": closing.rows,
    "dispatch": dispatching.rows,
    "processes": dispatching.rows_of_processes,
    "statements": dispatching.rows_of_statements,
    "create": month.rows_of_create,
    "restore-reset": month.rows_of_products,
    "growth": growth.rows,
    "use": using.rows,
    "sandbox": sandbox.rows,
}
