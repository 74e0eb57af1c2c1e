"""A private nginx in front of a service, set up as docs/operations.md shows it."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services import programs
from services.ports import free_port
from services.server import Server

OPERATIONS = Path(__file__).resolve().parents[2] / "docs/operations.md"
CONFIGURATION = """
{user}
daemon off;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path unused;
    uwsgi_temp_path unused;
    scgi_temp_path unused;
    server {{
        listen 127.0.0.1:{port};
{documented}
    }}
}}
"""


class Nginx(Server):
    """An nginx that passes everything on to one address."""

    gently = signal.SIGQUIT
    at_once = signal.SIGTERM  # a killed master would leave its workers behind

    def __init__(self, target: str) -> None:
        super().__init__()
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        documented = re.findall(r"```nginx\n(.*?)```", OPERATIONS.read_text(), re.DOTALL)[0]
        assert "http://127.0.0.1:8000" in documented
        (self.folder / "nginx.conf").write_text(
            CONFIGURATION.format(
                user="user root;" if os.geteuid() == 0 else "",
                port=self._port,
                documented=documented.replace("http://127.0.0.1:8000", target),
            )
        )

    def command(self) -> list[str]:
        return [str(programs.nginx()), "-p", f"{self.folder}/", "-c", "nginx.conf", "-e", "stderr"]

    def ready(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


@contextmanager
def nginx(target: str) -> Iterator[Nginx]:
    """Run an nginx in front of an address."""
    server = Nginx(target)
    try:
        server.start()
        yield server
    finally:
        server.close()
