"""What a job's sandbox child can die of, and what an operator is told when there is no sandbox at all."""

from filemill.core.errors import FilemillError

_TITLES = {
    "crashed": "The processor crashed",
    "timed_out": "The processor took too long",
    "cpu_exceeded": "The processor used too much CPU time",
    "out_of_memory": "The processor ran out of memory",
    "output_exceeded": "The processor wrote too much",
    "threads_exceeded": "The processor started too many threads",
    "internal": FilemillError.title,
    "server_lost": "The sandbox was lost",
}
#: A second attempt may end differently; the other reasons come back with the same file.
_WORTH_RETRYING = frozenset({"crashed", "timed_out", "server_lost"})


class ChildFailed(FilemillError):
    """A sandbox child gave no result; `reason_code` says why, `retry` whether another attempt makes sense."""

    def __init__(self, reason_code: str, detail: str, *, log_id: str | None = None) -> None:
        super().__init__(detail)
        self.reason_code = reason_code
        self.reason_title = _TITLES[reason_code]
        self.retry = reason_code in _WORTH_RETRYING
        self.log_id = log_id


class SandboxUnavailable(FilemillError):
    """This machine cannot run the sandbox."""

    code = "sandbox_unavailable"
    title = "The sandbox cannot run on this machine"
