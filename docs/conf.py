"""How Sphinx builds the documentation: ``tox -e docs``."""

import re
from pathlib import Path

TOP = Path(__file__).parent.parent

project = "genbilling"
author = copyright = "the genbilling contributors"
version = release = re.search(
    r'^__version__ = "(.+)"$', (TOP / "genbilling" / "__init__.py").read_text(), re.MULTILINE
)[1]

extensions = ["sphinx.ext.autodoc"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"genbilling {release}"
default_role = "code"
