"""The libraries that only some families need, and the command that installs what is missing."""

from collections.abc import Iterable
from importlib.util import find_spec


def lacking(modules: Iterable[str], extra: str) -> list[str]:
    """Say which of these modules are not installed, and the command that installs them; nothing is imported."""
    absent = [module for module in modules if find_spec(module) is None]
    if not absent:
        return []
    return [f"{' and '.join(absent)}, not installed here. Run: pip install 'filemill[{extra}]'"]
