"""The running service against its own OpenAPI document: whatever is sent gets an answer that the document knows."""

import contextlib

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    ensure_resource_availability,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
    use_after_free,
)

from filemill.config.wsgi import application

schemathesis.serializer.alias(
    ["application/offset+octet-stream", "application/partial-upload"], "application/octet-stream"
)

# Left out: missing_required_header, for no operation requires a header, so that it could not fail.
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
    ("POST", "/upload/check/"),
    ("PATCH", "/upload/{upload_id}/"),
    ("DELETE", "/upload/{upload_id}/"),
    ("GET", "/files/"),
    ("GET", "/files/{file_id}/"),
    ("PATCH", "/files/{file_id}/"),
    ("DELETE", "/files/{file_id}/"),
    ("GET", "/files/{file_id}/content/"),
    ("GET", "/files/{file_id}/artifacts/{name}/"),
    ("POST", "/files/{file_id}/links/"),
    ("DELETE", "/files/{file_id}/links/"),
    ("POST", "/files/{file_id}/reprocess/"),
    ("POST", "/files/{file_id}/cancel/"),
    ("GET", "/events/"),
    ("GET", "/tokens/"),
    ("POST", "/tokens/"),
    ("DELETE", "/tokens/{token_id}/"),
    ("GET", "/usage/"),
    ("GET", "/processors/"),
]


@pytest.fixture
def known(web) -> str:
    """Upload a file that requests can name; no worker runs here, so nobody is to wait for it."""
    file_id = str(web.client.post("/upload/?name=a.txt", content=b"hello").json()["id"])
    web.client.post(f"/files/{file_id}/cancel/")
    return file_id


@pytest.fixture(scope="session")
def document(web):
    found = schemathesis.openapi.from_url(f"{web.address}/openapi.json")
    # A NUL somewhere in metadata is refused, as is a parameter of the list that it does not have; no schema can say so.
    found.config.generation.update(allow_x00=False, allow_extra_parameters=False)
    return found


@pytest.mark.once
def test_every_operation_of_the_document_is_tried(document):
    found = {(each.ok().method.upper(), each.ok().path) for each in document.get_all_operations()}
    assert found == set(OPERATIONS)


#: Lists without parameters, or with one that takes any text, cannot be asked for wrongly.
ASKED_RIGHTLY = {("GET", "/processors/"), ("GET", "/tokens/"), ("GET", "/usage/")}
MODES = [
    (mode, *operation)
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    for operation in OPERATIONS
    if mode is GenerationMode.POSITIVE or operation not in ASKED_RIGHTLY
]


def add_what_no_schema_tells(case, known):
    """Put in what only an earlier answer or the body tells: ids, cursors, digests, keys, and what makes a name one."""
    if "file_id" in case.path_parameters and case.method != "DELETE":
        case.path_parameters["file_id"] = known
    case.headers.pop("Content-Digest", None)
    case.headers.pop("Idempotency-Key", None)
    case.query.pop("cursor", None)
    case.query.pop("after", None)
    if case.path == "/upload/":
        case.query["name"] = "a.txt"
    if isinstance(case.body, dict):
        meant = {"name": "b.txt", "processors": ["identify"], "artifact": None}
        case.body.update({field: value for field, value in meant.items() if field in case.body})


def has_a_list_in_a_form(case):
    """Say whether a field has to become several parts of a form, or none: there a list is nothing wrong."""
    is_form = case.path == "/upload/" and isinstance(case.body, dict)
    return is_form and isinstance(case.body.get("metadata"), list)


@pytest.mark.parametrize(("mode", "method", "path"), MODES)
def test_answers_are_as_the_document_says(document, known, method, path, mode):
    operation = document[path][method]

    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def compare(case):
        if mode is GenerationMode.POSITIVE:
            add_what_no_schema_tells(case, known)
        else:
            assume(not has_a_list_in_a_form(case))
        checks = [*ANY, negative_data_rejection if mode is GenerationMode.NEGATIVE else positive_data_acceptance]
        case.call_and_validate(checks=checks, timeout=60)

    compare()


@pytest.mark.once
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_options_names_the_methods_of_the_document(document, known, method, path):
    given = {"file_id": known, "upload_id": known, "name": "text", "token_id": "0" * 16}
    case = document[path][method].Case(path_parameters=given)
    case.method = "OPTIONS"
    response = case.call()
    assert response.headers["allow"]
    case.validate_response(response, checks=[allow_header_conformance])


def called_whole(environ, start_response):
    """Answer by our application, and close the answer as a server does; schemathesis' client leaves files open."""
    with contextlib.closing(application(environ, start_response)) as answer:
        return [b"".join(answer)]


@pytest.fixture
def linked(transactional_db):
    """Return the document, for calls in this process, with links from an upload to all that can be done to its file."""
    raw = schemathesis.openapi.from_wsgi("/openapi.json", called_whole).raw_schema
    raw["paths"] = {path: each for path, each in raw["paths"].items() if "token" not in path}  # no part of that life
    following = {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {"file_id": "$response.body#/id"},
        }
        for path, operations in raw["paths"].items()
        for operation in operations.values()
        if "{file_id}" in path
    }
    assert len(following) == 9
    following["get_artifact"]["parameters"]["name"] = "text"
    raw["paths"]["/upload/"]["post"]["responses"]["201"]["links"] = following
    found = schemathesis.openapi.from_dict(raw)
    found.app = called_whole
    return found


def upload_text(document) -> str:
    """Upload a file of which processing makes an artifact; return its id."""
    case = document["/upload/"]["POST"].Case(
        query={"name": "a.txt"}, body=b"Some words.", media_type="application/octet-stream"
    )
    return str(case.call_and_validate(checks=ANY).json()["id"])


#: What follows upon a processed file, and the answer; in this order.
FOLLOWING = [
    ("GET", "/files/{file_id}/", None, 200),
    ("GET", "/files/{file_id}/content/", None, 200),
    ("GET", "/files/{file_id}/artifacts/{name}/", None, 200),
    ("PATCH", "/files/{file_id}/", {"name": "b.txt", "metadata": {"a": [1]}}, 200),
    ("POST", "/files/{file_id}/reprocess/", {"processors": ["text"]}, 202),
    ("POST", "/files/{file_id}/cancel/", None, 202),
    ("POST", "/files/{file_id}/links/", {"artifact": "text", "expires_in": 60}, 201),
    ("DELETE", "/files/{file_id}/links/", None, 204),
    ("GET", "/files/{file_id}/", None, 200),
    ("DELETE", "/files/{file_id}/", None, 204),
    ("GET", "/files/{file_id}/", None, 404),
]


def test_all_that_can_be_done_to_a_processed_file_is_as_the_document_says(linked, work):
    file_id = upload_text(linked)
    work()
    statuses = []
    for method, path, body, _ in FOLLOWING:
        more = {} if body is None else {"body": body, "media_type": "application/json"}
        name = {"name": "text"} if "{name}" in path else {}
        case = linked[path][method].Case(path_parameters={"file_id": file_id, **name}, **more)
        statuses.append(case.call_and_validate(checks=ANY).status_code)
    assert statuses == [status for *_, status in FOLLOWING]


def test_answers_stay_right_along_the_life_of_a_file(linked, work):
    """Whatever follows an upload, in any order: changes, work, bytes, and all of it again after the file is gone."""
    answered = set()

    class Life(linked.as_state_machine()):
        def before_call(self, case):
            # Of random bytes nothing could be made.
            if case.path == "/upload/":
                case.media_type, case.body, case.query = "application/octet-stream", b"Some words.", {"name": "a.txt"}
                # With the same key in another life it would be the same file.
                case.headers = {}

        def validate_response(self, response, case, **_):
            answered.add((case.operation.label, response.status_code))
            case.validate_response(response, checks=[*ANY, use_after_free, ensure_resource_availability])
            if case.path == "/upload/":
                work()  # what is reprocessed stays queued, so that there is something to cancel

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
    # Which way a life takes is chance; that each of them is right after processing is asked in order above.
    assert ("POST /upload/", 201) in answered
