"""The demo: a small Django project that bills thirteen customers for three months, and checks the books.

`tox -e demo` runs it. To see how a project uses genbilling, read `products.py` (what is sold), `receivers.py`
(what the project is told), `settings.py`, and `story.py` (what happens in the three months).
"""
