"""The demo's time: set for each day, never waited for."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import time_machine
from django.conf import settings


def at(day, hour):
    """A context manager: be at `hour` of `day` in the project's time zone; the clock goes on from there."""
    moment = datetime.combine(day, time(hour), ZoneInfo(settings.TIME_ZONE))
    return time_machine.travel(moment, tick=True)


def days(first, last):
    """Yield every day from `first` to `last`, both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
