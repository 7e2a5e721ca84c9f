"""Where the demo prints: one console for the story, the signals and the tables."""

from rich.console import Console
from rich.text import Text

console = Console(highlight=False)

# The day and the command that are printed as soon as there is something to print below them.
_headings = {}


def chapter(title):
    console.print()
    console.rule(Text(title, "bold"), align="left", characters="=")


def day(date):
    _headings.clear()
    _headings["day"] = Text(f"{date:%A}, {date.day} {date:%B %Y}", "bold")


def command(name):
    _headings["command"] = Text(f"  $ python manage.py {name}", "magenta")


def is_silent():
    """Whether nothing was printed below the command."""
    return "command" in _headings


def told(text):
    """Print a sentence of the story."""
    _headings.pop("command", None)
    _print(Text(text), indent=2)


def call(text):
    """Print what the project called, and what came back."""
    _print(Text(text, "cyan"), indent=4)


def signal(name, owner, text, style):
    """Print a signal that arrived."""
    _print(Text.assemble((f"{name:<18}", style), f"{owner}: {text}"), indent=4)


def output(text, style="dim"):
    """Print what a command said."""
    _print(Text(text, style), indent=4)


def _print(text, indent):
    if "day" in _headings:
        console.print()
    for heading in _headings.values():
        console.print(heading)
    _headings.clear()
    for line in text.wrap(console, console.width - indent):
        line.rstrip()
        console.print(Text(" " * indent) + line)
