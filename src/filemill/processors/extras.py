"""The libraries that only some families need, and the command that installs what is missing."""

from collections.abc import Iterable
from importlib.util import find_spec


def lacking(modules: Iterable[str], extra: str) -> list[str]:
    """Say which of these modules are not installed, and the command that installs them; nothing is imported."""
    absent = [module for module in modules if not _is_here(module)]
    if not absent:
        return []
    return [f"{' and '.join(absent)}, not installed here. Run: pip install 'filemill[{extra}]'"]


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it
        return False
