"""How fast billing is, beside what the database and the gateway can do: ``python -m tests.bench``."""
