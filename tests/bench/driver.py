"""The bare driver's connection to the books."""

import os

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

from tests.postgres import URI


def connect(name=None, **options):
    """Return an autocommitting connection to this process's database, or to the one called `name`."""
    dbname = name or connection.settings_dict["NAME"]
    return psycopg.connect(make_conninfo(os.environ[URI], dbname=dbname), autocommit=True, **options)
