"""A person in a real browser, on a service that is not open: signs in, sends files, signs out."""

import pytest
from playwright.sync_api import expect

WORK_WITHIN_MS = 60_000


@pytest.fixture(params=[True, False], ids=["script", "plain"])
def signed_in(request, browser, closed_service):
    address, name, password, _token = closed_service
    complaints = []
    context = browser.new_context(base_url=address, java_script_enabled=request.param)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.goto("/?kind=text")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{address}/?kind=text")
    yield page
    context.close()
    assert complaints == []


def test_a_person_signs_in_sends_a_file_deletes_it_and_signs_out(signed_in, tmp_path, request):
    page, path = signed_in, tmp_path / f"{request.node.callspec.id}.txt"
    path.write_text("hello, mill\n")
    page.goto("/")
    page.locator("#file").set_input_files(str(path))
    if request.node.callspec.id == "plain":
        page.get_by_role("button", name="Upload").click()
    row = page.locator(".row", has=page.get_by_text(path.name, exact=True)).first
    expect(row.locator("a[href]")).to_be_visible(timeout=WORK_WITHIN_MS)
    row.locator("a").click()
    expect(page.locator("h1")).to_have_text(path.name)
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text(f"Deleted: {path.name}")).to_be_visible()
    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_text("You are signed in as admin")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
