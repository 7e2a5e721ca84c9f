"""The complete example of docs/testing.rst, run as it stands there."""

from tests.newcomer import TOP
from tests.readme import blocks

DOCUMENT = TOP / "docs" / "testing.rst"
HEADING = "A complete example"

[EXAMPLE] = [one.text for one in blocks(DOCUMENT.read_text()) if one.heading == HEADING and one.python]
# Into this module, where pytest finds its fixture and its tests.
exec(compile(EXAMPLE, DOCUMENT, "exec"), globals())
