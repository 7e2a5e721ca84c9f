"""Imports the SDK, which in version 4.48 warns about two names of its own whenever it is imported."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import braintree  # noqa: F401
