import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.core.management import call_command
from jsonschema.validators import Draft202012Validator

pytestmark = pytest.mark.once

PATHS = {
    "/upload/", "/upload/check/", "/upload/{upload_id}/", "/files/", "/files/{file_id}/", "/files/{file_id}/content/",
    "/files/{file_id}/artifacts/{name}/", "/files/{file_id}/links/", "/files/{file_id}/reprocess/",
    "/files/{file_id}/cancel/", "/processors/", "/tokens/", "/tokens/{token_id}/", "/usage/", "/events/",
}  # fmt: skip


@pytest.fixture
def document(client, db):
    return client.get("/openapi.json").json()


def test_the_document_is_openapi_3_1_and_names_every_address_once_with_its_slash(document):
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == PATHS


def test_each_operation_has_words_an_id_and_its_errors(document):
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations) == 20
    for each in operations:
        assert each["description"]
        problems = (
            [answer for answer in each["responses"].values() if "application/problem+json" in answer["content"]]
            if (all("content" in answer for answer in each["responses"].values()))
            else [
                answer
                for answer in each["responses"].values()
                if "application/problem+json" in answer.get("content", {})
            ]
        )
        assert problems


def test_each_schema_is_a_json_schema_and_each_reference_leads_somewhere(document):
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(document)):
        assert reference in document["components"]["schemas"]


def test_what_is_said_of_a_file_is_what_is_sent(document, upload, work, client):
    file = upload(b"hello\n", "a.txt")
    found = [client.get(f"/files/{file['id']}/").json()]
    work()
    found.append(client.get(f"/files/{file['id']}/").json())
    schema = {**document["components"]["schemas"]["FileDetail"], "components": document["components"]}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for each in found:
        validator.validate(each)
        assert set(each) == set(schema["properties"])


def test_the_document_is_written_without_a_warning(tmp_path, capsys):
    call_command("spectacular", "--file", str(tmp_path / "openapi.yaml"), "--fail-on-warn", "--validate")
    assert Path(tmp_path / "openapi.yaml").stat().st_size


@pytest.mark.parametrize("address", ["/docs/", "/docs", "/docs/problems/invalid/", "/"])
def test_a_page_refers_to_nothing_outside_and_all_that_it_loads_is_there(client, db, address):
    response = client.get(address, headers={"Accept": "text/html"})
    assert response.status_code == 200
    page = unescape(response.content.decode())
    found = [
        *re.findall(r"""(?:src|href)=["']([^"'#]+)""", page),
        *re.findall(r"""url:\s*["']([^"']+)""", page),
    ]
    assert found
    for each in found:
        target = urljoin(f"http://testserver{address}", each)
        assert urlsplit(target).netloc == "testserver", each
        loaded = client.get(
            urlsplit(target).path, query_params=dict(p.split("=") for p in urlsplit(target).query.split("&") if p)
        )
        assert loaded.status_code in {200, 302}, each
        loaded.getvalue()


def test_the_page_of_the_document_runs_no_inline_script(client, db):
    response = client.get("/docs/")
    assert "script-src 'self';" in response.headers["Content-Security-Policy"]
    assert not re.findall(r"<script>|<script [^>]*>[^<\s]", response.content.decode())
    script = client.get("/docs/?script=")
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert b"/openapi.json" in script.content
