"""The running service against its own OpenAPI document: whatever is sent gets an answer that the document knows."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ensure_resource_availability,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
    use_after_free,
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


#: A list without parameters cannot be asked for wrongly.
MODES = [
    (mode, *operation)
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    for operation in OPERATIONS
    if (mode, operation) != (GenerationMode.NEGATIVE, ("GET", "/processors/"))
]


@pytest.mark.parametrize(("mode", "method", "path"), MODES)
def test_answers_are_as_the_document_says(document, known, method, path, mode):
    operation = document[path][method]

    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def compare(case):
        if mode is GenerationMode.POSITIVE and "file_id" in case.path_parameters and method != "DELETE":
            case.path_parameters["file_id"] = known
        checks = [*ANY, negative_data_rejection] if mode is GenerationMode.NEGATIVE else ANY
        case.call_and_validate(checks=checks, timeout=60)

    compare()


def test_answers_stay_right_along_the_life_of_a_file(web):
    """Whatever follows an upload, in any order: changes, work, bytes, and all of it again after the file is gone."""
    raw = web.client.get("/openapi.json").json()
    following = {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {"file_id": "$response.body#/id"},
        }
        for path, operations in raw["paths"].items()
        for operation in operations.values()
        if "{file_id}" in path
    }
    assert len(following) == 7
    following["get_artifact"]["parameters"]["name"] = "preview"
    raw["paths"]["/upload/"]["post"]["responses"]["201"]["links"] = following
    document = schemathesis.openapi.from_dict(raw)
    document.config.update(base_url=web.address)
    answered = set()

    class Life(document.as_state_machine()):
        def validate_response(self, response, case, **_):
            answered.add((case.operation.label, response.status_code))
            case.validate_response(response, checks=[*ANY, use_after_free, ensure_resource_availability])

    Life.run(
        settings=settings(
            max_examples=15,
            stateful_step_count=8,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
    )
    # Which way a life takes is chance, but some file is found and some is gone.
    assert {200, 204, 404} <= {status for operation, status in answered if "{file_id}" in operation}
