"""What the server imports first: the standard library's modules that have every fork look after locks and threads.

The server has one thread, which holds no lock while it forks. Each child would only touch, and so copy, 140 pages for
it. Hooks that plugins bring stay. Nothing seeds `random` anew either: all children begin with the same state.
"""

import os

_register = os.register_at_fork
os.register_at_fork = lambda **_hooks: None

import logging  # noqa: E402, F401
import random  # noqa: E402, F401
import threading  # noqa: E402, F401

os.register_at_fork = _register
