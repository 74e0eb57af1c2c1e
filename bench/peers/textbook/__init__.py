"""The task as a tutorial solves it, with care but without second thoughts: what Filemill's figures are held against.

It keeps what it was sent without fsync, hashes nothing, identifies by the client's word, and works without isolation.
"""

from textbook.queue import app

__all__ = ["app"]
