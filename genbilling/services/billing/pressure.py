"""How hard the gateway is pressed: a little more with each answer, half when it wants less.

Additive up, multiplicative down, as TCP does it. The limit is a number of calls in flight. Below one, a call
is followed by a pause that makes it that share of the time: where the gateway answers at once, one call in
flight can still be too many a second.
"""

from __future__ import annotations

import random

LEAST = 1 / 64
# Below one call in flight there is no round trip to count by: each answer adds a twentieth.
GROWTH_BELOW_ONE = 0.05
# The gateway's own limits are counted in short windows; to ask again at once only meets the same one.
PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
# In a row, without an answer in between. Calls that were in flight together count once.
MOST_BUSY = 6
MOST_OVERLOADED = 3


class Pressure:
    """The limit of calls in flight, and how the last answers were; times are seconds of a clock that only
    rises.

    Not safe for threads: who shares it has a lock.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.not_before = 0.0
        self._busy = self._overloaded = 0
        self._slowed_at = 0.0

    def allows(self, in_flight: int, now: float) -> bool:
        """Return whether another call may begin at `now`, beside those `in_flight`."""
        return in_flight < max(self.limit, 1) and now >= self.not_before

    def answered(self, began: float, now: float) -> None:
        """Note an answer, whatever it said, to a call that began at `began`."""
        self._busy = self._overloaded = 0
        if self.limit >= 1:
            self.limit = min(self.limit + 1 / self.limit, self.most)
            return
        self.limit *= 1 + GROWTH_BELOW_ONE
        pause = min((now - began) * (1 / self.limit - 1), LONGEST_PAUSE_SECONDS)
        self.not_before = max(self.not_before, now + pause)

    def busy(self, began: float, now: float) -> bool:
        """Note that the rate limit refused a call; return whether it has done so too often."""
        if self._slow_down(began, now):
            self._busy += 1
        self._pause(PAUSE_SECONDS * 2 ** (self._busy - 1), now)
        return self._busy >= MOST_BUSY

    def overloaded(self, began: float, now: float) -> bool:
        """Note that the gateway did not answer in time, or cannot now; return whether that was too often."""
        if self._slow_down(began, now):
            self._overloaded += 1
        self._pause(5 * PAUSE_SECONDS * 2 ** (self._overloaded - 1), now)
        return self._overloaded >= MOST_OVERLOADED

    def _pause(self, seconds: float, now: float) -> None:
        # Jittered: several runs that were refused together should not come back together.
        pause = min(seconds, LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1.5)
        self.not_before = max(self.not_before, now + pause)

    def _slow_down(self, began: float, now: float) -> bool:
        """Halve the limit; once for all the calls that were in flight when it was halved last."""
        if began < self._slowed_at:
            return False
        self._slowed_at = now
        self.limit = max(self.limit / 2, LEAST)
        return True
