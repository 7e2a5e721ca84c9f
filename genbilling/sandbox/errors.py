"""What can end a request before it has an answer of its own."""

from __future__ import annotations


class BooksError(Exception):
    """The file of the books cannot be used; the text says why and what to do."""


class RequestError(Exception):
    """A request that ends without an answer of its own. Never raised itself; see InvalidError, too."""

    status = 500


class BadRequestError(RequestError):
    """The body or the query cannot be read."""

    status = 400


class UnauthorizedError(RequestError):
    """The keys are missing or wrong."""

    status = 401


class NotFoundError(RequestError):
    """There is nothing under that path."""

    status = 404


class TooLargeError(RequestError):
    """The body is larger than any request of the SDK."""

    status = 413
