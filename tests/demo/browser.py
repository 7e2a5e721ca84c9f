"""The result in a browser: Django's development server, with the admin."""

import os

from django.contrib.auth import get_user_model
from django.core.management import call_command

from . import paper

LOGIN, PASSWORD = "demo", "demo"


def serve(port):
    """Serve the books on this host until Ctrl-C."""
    users = get_user_model().objects
    if not users.filter(username=LOGIN).exists():
        users.create_superuser(LOGIN, f"{LOGIN}@example.com", PASSWORD)
    address = f"http://127.0.0.1:{port}/"
    paper.chapter("In the browser")
    paper.console.print()
    paper.console.print(f"Log in at {address} as '{LOGIN}' with the password '{PASSWORD}', and look at:")
    for page in ("invoice", "charge", "account", "product", "card"):
        paper.console.print(f"  {address}admin/genbilling/{page}/", soft_wrap=True)
    paper.console.print()
    # It is a server for one's own look at the demo: no need to be told that production wants another.
    os.environ["DJANGO_RUNSERVER_HIDE_WARNING"] = "true"
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False)
