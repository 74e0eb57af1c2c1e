"""The least that a job can cost with Celery: a task that does nothing but say that it ran.

It uses Filemill's transports, pool and prefetch, so that only the work differs.
"""

import os
import socket
import sys
import time
from statistics import quantiles

from celery import Celery

from filemill.config.broker import use_safe_transports
from filemill.config.settings import BROKER_TRANSPORT_OPTIONS, BROKER_URL

use_safe_transports()
app = Celery("noop")
app.conf.update(
    broker_url=BROKER_URL,
    broker_transport_options=BROKER_TRANSPORT_OPTIONS,
    broker_connection_retry_on_startup=True,
    task_default_queue="noop",
    task_ignore_result=True,
    worker_concurrency=os.cpu_count(),
    worker_pool="threads",
    worker_prefetch_multiplier=1,
)
_PAUSE_SECONDS = 0.05


@app.task
def say(address: str) -> None:
    """Tell who waits that the task ran."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
        teller.sendto(b"done", address)


def main() -> None:
    """Print the p50 and p95 of the milliseconds from publishing to running."""
    count, address = int(sys.argv[1]), os.environ["PEER_SOCKET"]
    times = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        for _ in range(count + 1):
            say.delay(address)
            began = time.monotonic()
            listener.recv(16)
            times.append(time.monotonic() - began)
            time.sleep(_PAUSE_SECONDS)
    cuts = quantiles(times[1:], n=20)  # the first one waits for the worker
    print(cuts[9] * 1000, cuts[18] * 1000)


if __name__ == "__main__":
    main()
