"""The two uses of a file's name, each where bytes leave a choice: among texts, and of an MP4 that shows no track.

A name never makes text anything but text, nor anything else text: what this table refines is of the kind `text`, and so
is what it refines it to. So a name never decides whether a file is read as a picture, a table or a message.
"""

from pathlib import PurePath

_BY_EXTENSION = {
    ".asm": "text/x-asm",
    ".ass": "text/x-ssa",
    ".bash": "text/x-shellscript",
    ".bat": "text/x-msdos-batch",
    ".c": "text/x-c",
    ".cc": "text/x-c++",
    ".cjs": "text/javascript",
    ".clj": "text/x-clojure",
    ".cmd": "text/x-msdos-batch",
    ".conf": "text/plain",
    ".cpp": "text/x-c++",
    ".cs": "text/x-csharp",
    ".css": "text/css",
    ".cxx": "text/x-c++",
    ".dart": "text/x-dart",
    ".diff": "text/x-diff",
    ".erl": "text/x-erlang",
    ".ex": "text/x-elixir",
    ".exs": "text/x-elixir",
    ".f90": "text/x-fortran",
    ".fs": "text/x-fsharp",
    ".go": "text/x-go",
    ".groovy": "text/x-groovy",
    ".h": "text/x-c",
    ".hh": "text/x-c++",
    ".hpp": "text/x-c++",
    ".hs": "text/x-haskell",
    ".htm": "text/html",
    ".html": "text/html",
    ".java": "text/x-java",
    ".jl": "text/x-julia",
    ".js": "text/javascript",
    ".jsx": "text/javascript",
    ".kt": "text/x-kotlin",
    ".kts": "text/x-kotlin",
    ".lisp": "text/x-lisp",
    ".lua": "text/x-lua",
    ".markdown": "text/markdown",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".ml": "text/x-ocaml",
    ".mm": "text/x-objective-c",
    ".pas": "text/x-pascal",
    ".patch": "text/x-diff",
    ".php": "text/x-php",
    ".pl": "text/x-perl",
    ".pm": "text/x-perl",
    ".po": "text/x-po",
    ".ps1": "text/x-powershell",
    ".py": "text/x-python",
    ".pyi": "text/x-python",
    ".r": "text/x-r",
    ".rb": "text/x-ruby",
    ".rs": "text/x-rust",
    ".rst": "text/x-rst",
    ".scala": "text/x-scala",
    ".sh": "text/x-shellscript",
    ".sql": "application/sql",
    ".srt": "application/x-subrip",
    ".ssa": "text/x-ssa",
    ".swift": "text/x-swift",
    ".tcl": "text/x-tcl",
    ".tex": "text/x-tex",
    ".toml": "application/toml",
    ".ts": "text/x-typescript",
    ".tsx": "text/x-typescript",
    ".txt": "text/plain",
    ".vb": "text/x-vb",
    ".vhd": "text/x-vhdl",
    ".vhdl": "text/x-vhdl",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zig": "text/x-zig",
    ".zsh": "text/x-shellscript",
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
