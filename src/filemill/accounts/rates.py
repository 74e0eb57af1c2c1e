"""How many requests a second may come by one token, or from one address; each process counts what it serves.

A time for each key is all that is kept: when its bucket of tokens would be full again. What is full need not be kept.
"""

import math
import threading
import time
from collections import OrderedDict
from typing import NamedTuple

from filemill.core.errors import TooManyRequests

BURST_SECONDS = 10.0  # so many seconds' worth may come at once
MOST_KEYS = 20_000  # of which the one that was not used for longest is forgotten, and so starts afresh

_ROUNDING = 1e-6


class Count(NamedTuple):
    """Where a request stands with its rate."""

    policy: str
    per_second: float
    debt_seconds: float  # until everything that came is worked off
    wait_seconds: float  # until another may come; 0: this one may

    def headers(self) -> dict[str, str]:
        """Return what draft-ietf-httpapi-ratelimit-headers lets a client know."""
        window = max(BURST_SECONDS, 1 / self.per_second)
        left = int((window - self.debt_seconds) * self.per_second + _ROUNDING)
        return {
            "RateLimit-Policy": f'"{self.policy}";q={round(window * self.per_second)};w={math.ceil(window)}',
            "RateLimit": f'"{self.policy}";r={left};t={math.ceil(self.debt_seconds)}',
        }

    def refusal(self) -> TooManyRequests | None:
        """Return the error for a request that comes too early, None for one that may come."""
        if not self.wait_seconds:
            return None
        seconds = max(math.ceil(self.wait_seconds), 1)
        words = f"More than {self.per_second:g} requests a second come by one {self.policy}. Try again in {seconds} s."
        return TooManyRequests(words, seconds)


class Rate:
    """One policy, for any number of keys."""

    def __init__(self, policy: str) -> None:
        self._policy = policy
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, key: str, per_second: float) -> Count:
        """Count a request; one that comes too early costs nothing more."""
        now = time.monotonic()  # no clock that anybody sets
        each = 1 / per_second
        with self._lock:
            debt = max(self._full_at.get(key, now) - now, 0.0)
            wait = debt + each - max(BURST_SECONDS, each)
            if wait <= _ROUNDING:
                wait, debt = 0.0, debt + each
            self._full_at[key] = now + debt
            self._full_at.move_to_end(key)
            if len(self._full_at) > MOST_KEYS:
                self._full_at.popitem(last=False)
        return Count(self._policy, per_second, debt, wait)


by_token = Rate("token")
by_address = Rate("address")
