"""PostgreSQL keeps the plans of the statements that run for each upload and job, where it may."""

import pytest
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's driver keeps statements by itself")


@pytest.fixture
def kept(closed, bearer, work, monkeypatch):
    """Return which statements are kept after ten files, with how often they ran."""

    def after_ten(threshold):
        anna = bearer("anna")
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepare_threshold", threshold)
        connection.close()
        for number in range(10):
            to = f"/upload/?name={number}.txt"
            assert Client().generic("POST", to, b"hello", headers=anna, content_type="text/plain").status_code == 201
            work()
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
            found = dict(cursor.fetchall())
        connection.close()
        return found

    return after_ten


def test_claims_records_uploads_and_tokens_are_planned_once(kept):
    statements = kept(5)
    for words in ("WITH next AS", "WITH held AS", "WITH guard AS", "FROM accounts_token"):
        (ran,) = [count for statement, count in statements.items() if words in statement]
        assert ran >= 5


def test_behind_a_pooler_that_knows_of_no_such_statements_none_is_kept(kept):
    assert kept(None) == {}


@pytest.fixture
def asked_with_a_plan(closed, bearer):
    """Ask with a token until its plan is kept; return what asks once more, and gives the status."""
    anna = bearer("anna")

    def ask():
        return Client().get("/usage/", headers=anna).status_code

    assert {ask() for _ in range(8)} == {200}
    return ask


def test_a_plan_that_a_migration_made_useless_is_made_anew(asked_with_a_plan):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_token ALTER name TYPE varchar(101)")
        assert asked_with_a_plan() == asked_with_a_plan() == 200
    finally:
        with other.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_token ALTER name TYPE varchar(100)")
        other.close()


def test_a_plan_that_a_pooler_threw_away_is_made_anew(asked_with_a_plan):
    connection.connection.pgconn.exec_(b"DEALLOCATE ALL")  # past psycopg, which would take note of it
    assert asked_with_a_plan() == asked_with_a_plan() == 200
