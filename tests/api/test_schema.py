"""The running service against its own OpenAPI document: whatever fits the document gets an answer that fits it too."""

import httpx
import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="session")
def known(web) -> str:
    """Upload a file that requests can name."""
    return str(web.client.post("/upload/?name=a.txt", content=b"hello").json()["id"])


@pytest.fixture(scope="session")
def document(web, known):
    schema = schemathesis.openapi.from_url(f"{web.address}/openapi.json")
    schema.config.generation.update(max_examples=10)
    return schema


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@hypothesis.settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck))
def test_answers_are_as_the_document_says(case, known):
    if case.path_parameters and case.method != "DELETE":
        case.path_parameters["file_id"] = known
    case.call_and_validate(checks=CHECKS, timeout=60)
