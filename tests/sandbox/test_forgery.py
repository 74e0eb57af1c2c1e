"""Code that took over a child can say what it likes: only its own job fails."""

import pytest

from filemill.core.errors import FilemillError
from filemill.sandbox.errors import ChildFailed


def result(**changed):
    return {"result": {"facts": {}, "artifacts": [], **changed}}


def artifact(name="a", file_name="a", media_type="text/plain"):
    return result(artifacts=[[name, file_name, media_type]])


def deep(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


FORGED = {
    "a list": [],
    "a number": 7,
    "nothing": {},
    "another step's answer": {"identity": ["text/plain", ""]},
    "a result that is a string": {"result": "x"},
    "no facts": {"result": {"artifacts": []}},
    "facts that are a list": result(facts=[]),
    "deep facts": result(facts={"deep": deep(50)}),
    "large facts": result(facts={"large": "x" * 70_000}),
    "no artifacts": {"result": {"facts": {}}},
    "artifacts that are numbers": result(artifacts=[1]),
    "an artifact of four": result(artifacts=[["a", "b", "text/plain", "d"]]),
    "an upper-case name": artifact(name="A"),
    "a name with a slash": artifact(name="a/b"),
    "a name with a newline": artifact(name="a\n"),
    "a long name": artifact(name="a" * 65),
    "a name that is a number": artifact(name=1),
    "a file elsewhere": artifact(file_name="../a"),
    "an absolute file": artifact(file_name="/etc/passwd"),
    "the folder": artifact(file_name="."),
    "the folder above": artifact(file_name=".."),
    "no file name": artifact(file_name=""),
    "no media type": artifact(media_type="text"),
    "a media type with a header": artifact(media_type="text/plain\r\nX: y"),
    "progress that is a number": {"progress": 1},
    "progress beyond the end": {"progress": [2, ""]},
    "progress that is true": {"progress": [True, ""]},
    "progress without words": {"progress": [0.5, 1]},
    "an error that is a string": {"error": "x"},
    "an error of no kind": {"error": {"kind": "strange"}},
    "an error without detail": {"error": {"kind": "try_again"}},
    "an error code with blanks": {"error": {"kind": "unprocessable", "code": "a b", "title": "", "detail": ""}},
}

GARBLED = {
    "no JSON": "hello",
    "nothing at all": "",
    "bytes that are no UTF-8": '{"a": "\xff"}',
    "not a number": '{"progress": [NaN, ""]}',
    "an endless number": '{"progress": [1e999, ""]}',
    "half a surrogate pair": '{"progress": [0.5, "\\ud800"]}',
    "a bottomless list": "[" * 100_000,
}


@pytest.mark.parametrize("message", FORGED.values(), ids=FORGED.keys())
def test_a_forged_message_fails_its_job_only(trial, message):
    (trial.workspace / "a").touch()
    with pytest.raises(ChildFailed) as raised:
        trial.run("forge", message)
    assert raised.value.reason_code == "crashed"


@pytest.mark.parametrize("text", GARBLED.values(), ids=GARBLED.keys())
def test_a_garbled_message_fails_its_job_only(trial, text):
    with pytest.raises(ChildFailed) as raised:
        trial.run("forge_bytes", text)
    assert raised.value.reason_code == "crashed"


@pytest.mark.parametrize("what", ["claim_a_huge_message", "send_a_million_messages", "send_large_messages"])
def test_a_flood_fails_its_job_only(trial, what):
    with pytest.raises(ChildFailed) as raised:
        trial.run(what)
    assert raised.value.reason_code == "crashed"
    assert trial.run("behave").facts == {"pages": 3}


def test_a_forged_artifact_behind_a_link_is_refused(trial):
    (trial.workspace / "a").symlink_to("/etc/passwd")
    with pytest.raises(FilemillError, match="cannot be opened"):
        trial.run("forge", artifact())


@pytest.mark.parametrize("twice", [["a", "b"], ["b", "a"]])
def test_two_artifacts_of_one_name_or_file_are_refused(trial, twice):
    for name in ("a", "b"):
        (trial.workspace / name).touch()
    first, second = ["a", "a", "text/plain"], [*twice, "text/plain"]
    second[0 if twice == ["a", "b"] else 1] = "a"
    with pytest.raises(ChildFailed):
        trial.run("forge", result(artifacts=[first, second]))


def test_forged_text_is_tidied_again(trial):
    assert trial.run("forge", result(facts={"k\0": "v\0"})).facts == {"k\ufffd": "v\ufffd"}


def test_a_forged_reason_is_cut_to_a_readable_length(trial):
    with pytest.raises(FilemillError) as raised:
        trial.run("forge", {"error": {"kind": "try_again", "detail": "x" * 100_000}})
    assert len(raised.value.detail) == 2000
