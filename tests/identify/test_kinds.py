import pytest

from filemill.identify.kinds import kind_of


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", "image"),
        ("image/svg+xml", "image"),
        ("application/postscript", "image"),
        ("text/plain", "text"),
        ("text/html", "text"),
        ("application/yaml", "text"),
        ("application/pdf", "pdf"),
        ("application/msword", "document"),
        ("application/vnd.oasis.opendocument.text", "document"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "table"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "document"),
        ("application/vnd.ms-excel", "table"),
        ("application/vnd.ms-excel.sheet.macroenabled.12", "table"),
        ("application/vnd.oasis.opendocument.spreadsheet", "table"),
        ("text/csv", "table"),
        ("application/vnd.apache.parquet", "table"),
        ("application/json", "data"),
        ("application/geo+json", "data"),
        ("application/xml", "data"),
        ("audio/mpeg", "audio"),
        ("video/mp4", "video"),
        ("application/zip", "archive"),
        ("message/rfc822", "email"),
        ("application/vnd.ms-outlook", "email"),
        ("application/x-empty", "binary"),
        ("application/octet-stream", "binary"),
        ("font/ttf", "binary"),
        ("", "binary"),
    ],
)
def test_each_media_type_belongs_to_a_family(media_type, kind):
    assert kind_of(media_type) == kind


def test_parameters_and_capitals_make_no_difference():
    assert kind_of("Text/CSV; charset=utf-8") == "table"
