"""Ports that stay free while a server of ours is stopped."""

import random
import socket


def free_port() -> int:
    """Return a free port below those that the system lends out, so that it is still free after a stop."""
    while True:
        port = random.SystemRandom().randrange(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
