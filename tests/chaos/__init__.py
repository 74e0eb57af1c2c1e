"""Filemill under load while its parts are killed, stopped, flushed and restarted; `make chaos` runs it."""
