"""How fast the sandbox is: ``python -m tests.bench``. Nothing here is a test; it only prints."""
