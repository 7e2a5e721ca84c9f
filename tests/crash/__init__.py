"""Killing the billing commands wherever it matters, and proving from the books that nothing came of it."""
