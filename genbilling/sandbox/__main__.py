"""``python -m genbilling.sandbox``: an offline Braintree over HTTP, and the control of one that runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import command, control_client
from .errors import BooksError


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status: 0, or 2 if it could not start."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["control"]:
        return control_client.main(arguments[1:])
    options = _options(arguments)
    try:
        command.run(options, _say)
    except (BooksError, OSError) as error:
        return command.fail(command.problem(error, options))
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m genbilling.sandbox",
        description="An offline Braintree, served over HTTP. 'control --help' is about one that runs.",
        epilog=command.FAULTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
