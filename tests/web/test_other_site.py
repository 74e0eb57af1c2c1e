"""Scripts of other sites in a real browser: those of a site that the operator names use the API by token."""

import struct
import zlib

import pytest

UPLOAD = """async ({api, token, bytes}) => {
    const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/octet-stream"};
    const body = new Uint8Array(bytes);
    const sent = await fetch(`${api}/upload/?name=dot.png`, {method: "POST", headers, body});
    const file = await sent.json();
    const part = await fetch(file.file, {headers: {...headers, Range: "bytes=1-3"}});
    return {status: sent.status, location: sent.headers.get("Location"), part: await part.text(),
            etag: part.headers.get("ETag"), range: part.headers.get("Content-Range"), sha256: file.sha256};
}"""
REFUSED = """async ({api}) => {
    const answer = await fetch(`${api}/files/`, {headers: {Authorization: "Bearer fm_wrong"}});
    return [answer.status, (await answer.json()).code];
}"""
WITH_COOKIES = """async ({api}) => {
    const tries = [["GET", "files/"], ["POST", "upload/?name=by-cookie"], ["DELETE", "files/"]];
    const ask = ([method, path]) => fetch(`${api}/${path}`, {method, credentials: "include"});
    return Promise.all(tries.map(each => ask(each).then(answer => answer.status, error => error.name)));
}"""
LINK = """async ({api, token, location}) => {
    const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/json"};
    const file = await (await fetch(`${api}${location}?wait=30`, {headers})).json();
    const made = await fetch(`${api}${location}links/`, {method: "POST", headers, body: "{}"});
    const show = src => new Promise(done => {
        const image = document.body.appendChild(new Image());
        image.onload = () => done(image.naturalWidth);
        image.onerror = () => done("refused");
        image.src = src;
    });
    return [file.status, await show((await made.json()).url), await show(file.file)];
}"""


def dot():
    """Return a PNG of one pixel."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\x00\x7f")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.fixture
def run(browser, closed_service):
    """Run a script on the page of a site: run(site, script, token=...); `sign_in` signs its browser in before."""
    api, name, password, token = closed_service
    contexts = []

    def evaluate(site, script, *, sign_in=False, **more):
        context = browser.new_context()
        contexts.append(context)
        page = context.new_page()
        if sign_in:
            page.goto(f"{api}/app/sign-in/")
            page.get_by_label("Name", exact=True).fill(name)
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{api}/")
        page.goto(site)
        return page.evaluate(script, {"api": api, "token": token, **more})

    yield evaluate
    for context in contexts:
        context.close()


def test_a_named_site_uploads_by_token_and_shows_pictures_by_links(run, other_sites):
    done = run(other_sites[0], UPLOAD, bytes=list(dot()))
    assert (done["status"], done["part"], done["range"]) == (201, "PNG", f"bytes 1-3/{len(dot())}")
    assert done["etag"] == f'"{done["sha256"]}"'
    assert run(other_sites[0], REFUSED) == [401, "invalid_token"]
    assert run(other_sites[0], LINK, location=done["location"]) == ["processed", 1, "refused"]


def test_another_site_gets_nothing(run, other_sites):
    with pytest.raises(Exception, match="Failed to fetch"):
        run(other_sites[1], UPLOAD, bytes=list(dot()))
    with pytest.raises(Exception, match="Failed to fetch"):
        run(other_sites[1], REFUSED)


def test_no_site_uses_the_session_of_its_visitor(run, other_sites, closed_service):
    for site in other_sites:
        assert run(site, WITH_COOKIES, sign_in=True) == ["TypeError"] * 3
    names = "async ({api}) => (await (await fetch(`${api}/files/`)).json()).results.map(each => each.name)"
    assert "by-cookie" not in run(closed_service[0], names, sign_in=True)
