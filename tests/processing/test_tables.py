"""Tables through the real sandbox: its walls let the libraries work."""

import json

import pytest
from processors import tables

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("mills.csv", b"name,wheels\nNorth,3\nSouth,4\nWest,5\n" * 50_000, tables.CSV),
        ("mills.csv", "name;Räder;Höhe\n".encode("cp1252") + "North;3;1,5\nSüd;4;2\n".encode("cp1252") * 9, tables.CSV),
        ("mills.ndjson", b'{"name": "North"}\n{"name": "South"}\n', tables.NDJSON),
        ("mills.arrow", tables.arrow(), tables.ARROW),
        ("mills.xlsx", tables.xlsx({"Mills": tables.rows_of(("name", "wheels"), ("North", 3))}), tables.XLSX),
        ("mills.ods", tables.ods(tables.ods_row("name") + tables.ods_row("North")), tables.ODS),
    ],
)
def test_a_table_gets_facts_a_preview_and_parquet(upload, work, client, name, content, media_type):
    file_id = upload(content, name)["id"]
    work()

    shown = client.get(f"/files/{file_id}/").json()
    assert (shown["status"], shown["media_type"], shown["kind"]) == ("processed", media_type, kind_of(media_type))
    assert shown["facts"]["table"]["rows"] > 0
    artifacts = {artifact["name"]: artifact for artifact in shown["artifacts"]}
    preview = json.loads(client.get(artifacts["preview"]["url"]).getvalue())
    assert "North" in str(preview) or "one" in str(preview)
    assert client.get(artifacts["data"]["url"]).getvalue().startswith(b"PAR1")


def kind_of(media_type):
    return "data" if media_type == tables.NDJSON else "table"
