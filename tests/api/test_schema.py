"""The running service against its own OpenAPI document: whatever is sent gets an answer that the document knows."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

ANY = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
OPERATIONS = [
    ("POST", "/upload/"),
    ("GET", "/files/"),
    ("GET", "/files/{file_id}/"),
    ("PATCH", "/files/{file_id}/"),
    ("DELETE", "/files/{file_id}/"),
    ("GET", "/files/{file_id}/content/"),
    ("GET", "/files/{file_id}/artifacts/{name}/"),
    ("POST", "/files/{file_id}/reprocess/"),
    ("POST", "/files/{file_id}/cancel/"),
    ("GET", "/processors/"),
]


@pytest.fixture(scope="session")
def known(web) -> str:
    """Upload a file that requests can name."""
    return str(web.client.post("/upload/?name=a.txt", content=b"hello").json()["id"])


@pytest.fixture(scope="session")
def document(web):
    return schemathesis.openapi.from_url(f"{web.address}/openapi.json")


def test_every_operation_of_the_document_is_tried(document):
    found = {(each.ok().method.upper(), each.ok().path) for each in document.get_all_operations()}
    assert found == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_as_the_document_says(document, known, method, path, mode):
    operation = document[path][method]
    if mode is GenerationMode.NEGATIVE and not operation.body and not operation.query and not operation.path_parameters:
        pytest.skip("nothing that could be wrong")

    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def compare(case):
        if mode is GenerationMode.POSITIVE and "file_id" in case.path_parameters and method != "DELETE":
            case.path_parameters["file_id"] = known
        checks = [*ANY, negative_data_rejection] if mode is GenerationMode.NEGATIVE else ANY
        case.call_and_validate(checks=checks, timeout=60)

    compare()
