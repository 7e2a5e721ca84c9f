"""The settings of the processes that are measured."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, GENBILLING

PRODUCTS = [
    {
        "name": name,
        "description": description,
        "flat_rate": flat_rate,
        "initial_step": 1000,
        "step_cost": "7.99",
        "step": 1000,
        "periodic": True,
    }
    for name, description, flat_rate in (("MSG", "Private messages", "9.99"), ("FAX", "Faxes", "4.99"))
]
GENBILLING["PRODUCTS"] = PRODUCTS

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # As a project runs it: what is committed is on the disk.
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA synchronous = FULL"
