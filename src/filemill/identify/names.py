"""The uses of a file's name: to choose among types within the kind `text` that bytes cannot tell apart, and whether an MP4
without a visible track was to be a film or a recording.

A name never makes text anything but text, nor anything else text: what this table refines is of the kind `text`, and so
is what it refines it to. So a name never decides whether a file is read as a picture, a table or a message.
"""

from pathlib import PurePath

_BY_EXTENSION = {
    ".c": "text/x-c",
    ".cc": "text/x-c++",
    ".conf": "text/plain",
    ".cpp": "text/x-c++",
    ".css": "text/css",
    ".diff": "text/x-diff",
    ".go": "text/x-go",
    ".h": "text/x-c",
    ".htm": "text/html",
    ".html": "text/html",
    ".java": "text/x-java",
    ".js": "text/javascript",
    ".lua": "text/x-lua",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".patch": "text/x-diff",
    ".php": "text/x-php",
    ".pl": "text/x-perl",
    ".po": "text/x-po",
    ".py": "text/x-python",
    ".rb": "text/x-ruby",
    ".rs": "text/x-rust",
    ".rst": "text/x-rst",
    ".sh": "text/x-shellscript",
    ".sql": "application/sql",
    ".srt": "application/x-subrip",
    ".tex": "text/x-tex",
    ".toml": "application/toml",
    ".ts": "text/x-typescript",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_RECORDINGS = (".m4a", ".m4b", ".m4p")
#: What the bytes suggest, but a name may know better: a README in Markdown may begin with a tag or look like YAML.
_OPEN_TO_DOUBT = frozenset({"text/plain", "text/html", "application/yaml", "application/toml"})


def refine(media_type: str, name: str) -> str:
    """Return the text type that the name stands for, where the bytes leave that open; otherwise the type as it is."""
    if media_type not in _OPEN_TO_DOUBT:
        return media_type
    suggested = _BY_EXTENSION.get(PurePath(name).suffix.lower(), media_type)
    # Bytes that show a form are believed over a name that denies it.
    return media_type if suggested == "text/plain" else suggested


def mp4_called(name: str) -> str:
    """Return the type that the name stands for where an MP4 does not say whether it is a film or a recording."""
    return "audio/mp4" if PurePath(name).suffix.lower() in _RECORDINGS else "video/mp4"
