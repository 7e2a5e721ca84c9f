"""``python -m tests.demo``: the command `demo` of this project, as a project's manage.py would start it."""

import os
import sys

from django.core.management import execute_from_command_line

# Set, not defaulted: the demo makes its database anew, and must never do that to another project's.
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.demo.settings"
# Item descriptions are not plain ASCII; where they cannot be shown, a question mark will do.
sys.stdout.reconfigure(errors="replace")

execute_from_command_line(["python -m tests.demo", "demo", *sys.argv[1:]])
