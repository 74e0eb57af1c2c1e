"""`filemill quota`, and what the doctor says of usage."""

import pytest
from click.testing import CliRunner

from filemill.accounts import usage
from filemill.accounts.models import Usage
from filemill.cli.doctor.finding import State
from filemill.cli.doctor.ledger import usage_adds_up
from filemill.cli.main import main

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(django_user_model):
    return django_user_model.objects.create_user("anna")


def run(*arguments):
    return CliRunner().invoke(main, ["quota", *arguments])


def test_a_quota_is_set_for_somebody_who_has_sent_nothing_yet(anna):
    assert run("set", "anna", "--bytes", "5000000").exit_code == 0
    assert usage.standing(anna.pk) == usage.Standing(0, 0, 5_000_000, None)
    assert run("set", "anna", "--files", "10").exit_code == 0
    assert usage.standing(anna.pk) == usage.Standing(0, 0, 5_000_000, 10)


def test_unlimited_and_default_are_not_the_same(anna, configure):
    configure(quota_bytes=7)
    run("set", "anna", "--bytes", "unlimited", "--files", "unlimited")
    assert usage.standing(anna.pk).quota_bytes is None
    run("set", "anna", "--bytes", "default")
    assert usage.standing(anna.pk).quota_bytes == 7


def test_what_owners_have_and_may_have_is_shown(anna, configure, django_user_model):
    configure(quota_bytes=7000)
    Usage.objects.create(owner=anna, bytes=1234567, files=3, quota_bytes=0)
    Usage.objects.create(owner=django_user_model.objects.create_user("boris"), quota_files=9)
    django_user_model.objects.create_user("cleo")
    table = [line.split(maxsplit=1) for line in run("show").stdout.splitlines()[1:]]
    assert table == [
        ["anna", "1,234,567  unlimited        3      unlimited"],
        ["boris", "0          7,000 (default)  0      9"],
    ]
    assert run("show", "cleo").stdout.splitlines()[1].split() == ["cleo", "0", "7,000", "(default)", "0", "unlimited"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", "nobody", "--files", "1"), "There is no user nobody"), (("show", "nobody"), "There is no user nobody"),
        (("set", "anna"), "Give --bytes"), (("set", "anna", "--bytes", "0"), "neither a number"),
        (("set", "anna", "--bytes", "-1"), "neither a number"), (("set", "anna", "--bytes", str(2**63)), "neither a"),
        (("set", "anna", "--files", "many"), "neither a number"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_and_changes_nothing(anna, arguments, words):
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.output
    assert not Usage.objects.exists()


def test_the_doctor_names_whose_usage_is_wrong_and_counts_again(anna):
    assert usage_adds_up(fix=False).state == State.OK
    Usage.objects.create(owner=anna, bytes=5, files=1)
    finding = usage_adds_up(fix=False)
    assert (finding.state, finding.examples) == (State.BREACH, ["anna"])
    assert "--fix" in finding.remedy
    assert usage_adds_up(fix=True).state == State.MENDED
    assert usage.standing(anna.pk) == usage.Standing(0, 0, None, None)
    assert usage_adds_up(fix=False).state == State.OK
