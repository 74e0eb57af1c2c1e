"""The Django admin."""

import pytest
from django.contrib.auth.models import Permission

from filemill.accounts.models import Token, Usage
from filemill.files.models import File
from filemill.processing.models import Artifact, Job
from filemill.web.admin import UsageAdmin

pytestmark = pytest.mark.django_db(transaction=True)
FILES = "/admin/files/file/"


@pytest.fixture
def processed(upload, work):
    def make(name="a.txt"):
        file = upload(b"hello, mill", name)
        work()
        return file["id"]

    return make


def test_the_lists_show_what_is_there(admin_client, processed):
    processed("<b>hostile.txt")
    for address in (FILES, "/admin/processing/job/", "/admin/processing/artifact/"):
        page = admin_client.get(address).content.decode()
        assert "&lt;b&gt;hostile.txt" in page
        assert "<b>hostile" not in page


def test_a_file_shows_its_facts_and_can_be_renamed(admin_client, processed):
    file_id = processed()
    page = admin_client.get(f"{FILES}{file_id}/change/").content.decode()
    assert "encoding" in page
    assert f"/app/files/{file_id}/" in page
    response = admin_client.post(f"{FILES}{file_id}/change/", {"name": "dir/new.txt", "metadata": '{"a": 1}'})
    assert response.status_code == 302
    file = File.objects.get()
    assert (file.name, file.metadata) == ("new.txt", {"a": 1})


def test_a_name_and_metadata_that_clients_may_not_send_are_refused_here_too(admin_client, processed):
    file_id = processed()
    response = admin_client.post(f"{FILES}{file_id}/change/", {"name": "..", "metadata": "[1]"})
    assert response.status_code == 200
    assert set(response.context["adminform"].form.errors) == {"name", "metadata"}
    assert File.objects.get().name == "a.txt"


def test_deleting_one_file_forgets_its_bytes(admin_client, processed, kept):
    file_id = processed()
    asked = admin_client.get(f"{FILES}{file_id}/delete/").content.decode()
    assert "Are you sure" in asked
    assert admin_client.post(f"{FILES}{file_id}/delete/", {"post": "yes"}).status_code == 302
    assert File.objects.count() == Job.objects.count() == Artifact.objects.count() == 0
    assert kept() == []


def test_deleting_many_files_forgets_their_bytes(admin_client, processed, kept):
    ids = [processed("a.txt"), processed("b.txt")]
    chosen = {"action": "delete_selected", "_selected_action": ids}
    assert "Are you sure" in admin_client.post(FILES, chosen).content.decode()
    assert admin_client.post(FILES, {**chosen, "post": "yes"}).status_code == 302
    assert File.objects.count() == 0
    assert kept() == []


def test_who_may_not_delete_files_cannot(client, django_user_model, processed):
    file_id = processed()
    user = django_user_model.objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_file", "view_job"]))
    client.force_login(user)
    assert client.get(f"{FILES}{file_id}/change/").status_code == 200
    assert client.post(f"{FILES}{file_id}/delete/", {"post": "yes"}).status_code == 403
    assert File.objects.count() == 1


def test_nothing_can_be_added_and_jobs_and_artifacts_cannot_be_changed(admin_client, processed):
    processed()
    assert admin_client.get(f"{FILES}add/").status_code == 403
    for model, row in (("job", Job.objects.first()), ("artifact", Artifact.objects.first())):
        at = f"/admin/processing/{model}/"
        assert admin_client.get(f"{at}{row.pk}/change/").status_code == 200
        assert admin_client.post(f"{at}{row.pk}/change/", {}).status_code == 403
        assert admin_client.post(f"{at}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert admin_client.get(f"{at}add/").status_code == 403


def test_a_long_list_is_counted_only_up_to_a_bound(admin_client, make_file, monkeypatch):
    monkeypatch.setattr("filemill.web.large_tables.MOST_COUNTED", 3)
    for number in range(5):
        make_file(f"{number}.txt")
    assert admin_client.get(FILES).context["cl"].result_count == 3


def test_files_are_found_by_name_and_digest(admin_client, make_file):
    wanted, _other = make_file("wanted.txt"), make_file("other.txt")
    for query in ("WANT", wanted.sha256):
        assert [file.pk for file in admin_client.get(FILES, {"q": query}).context["cl"].result_list] == [wanted.pk]


def test_tokens_are_revoked_here_and_never_shown(admin_client, client, bearer, configure):
    hers, his = bearer("anna"), bearer("boris")
    page = admin_client.get("/admin/accounts/token/").content.decode()
    secret = hers["Authorization"].split("_", 2)[2]
    token = Token.objects.get(owner__username="anna")
    one = admin_client.get(f"/admin/accounts/token/{token.pk}/change/").content.decode()
    assert "anna" in page
    assert secret not in page + one
    assert token.digest not in page + one
    admin_client.post("/admin/accounts/token/", {"action": "revoke", "_selected_action": [token.pk]})
    configure(access="token")
    assert client.get("/files/", headers=hers).status_code == 401
    assert client.get("/files/", headers=his).status_code == 200


def test_who_may_only_look_at_tokens_cannot_revoke_them(client, django_user_model, bearer):
    bearer("anna")
    user = django_user_model.objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_token"))
    client.force_login(user)
    chosen = {"action": "revoke", "_selected_action": [Token.objects.get().pk]}
    client.post("/admin/accounts/token/", chosen)
    assert Token.objects.get().revoked_at is None


def test_tokens_go_with_their_owner_and_not_without(admin_client, bearer):
    bearer("anna")
    token = Token.objects.get()
    assert admin_client.post(f"/admin/accounts/token/{token.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Token.objects.count() == 1
    assert admin_client.post(f"/admin/auth/user/{token.owner_id}/delete/", {"post": "yes"}).status_code == 302
    assert Token.objects.count() == 0


def test_a_quota_that_is_set_leaves_what_was_counted_meanwhile(admin_client, django_user_model, monkeypatch):
    anna = django_user_model.objects.create_user("anna")
    address, save = "/admin/accounts/usage/", UsageAdmin.save_model
    new = {"owner": anna.pk, "quota_bytes": "", "quota_files": 7}
    assert admin_client.post(f"{address}add/", new).status_code == 302

    def save_later(*given):
        Usage.objects.update(bytes=5000, files=2)
        save(*given)

    monkeypatch.setattr(UsageAdmin, "save_model", save_later)
    changed = {"quota_bytes": 9, "quota_files": "", "bytes": 1, "files": 1}
    assert admin_client.post(f"{address}{anna.pk}/change/", changed).status_code == 302
    assert Usage.objects.values_list().get() == (anna.pk, 5000, 2, 9, None)
    assert "5.0 KB" in admin_client.get(address).content.decode()
    assert admin_client.post(f"{address}{anna.pk}/delete/", {"post": "yes"}).status_code == 403


def test_usage_goes_with_a_user_who_has_no_files(admin_client, django_user_model):
    anna = django_user_model.objects.create_user("anna")
    Usage.objects.create(owner=anna, quota_files=7)
    assert admin_client.post(f"/admin/auth/user/{anna.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Usage.objects.exists()


@pytest.mark.parametrize("chosen", ["one", "many"])
def test_who_has_files_is_not_deleted_and_the_page_says_how_many(
    admin_client, make_file, django_user_model, chosen, django_assert_max_num_queries
):
    anna, boris = (django_user_model.objects.create_user(name) for name in ("anna", "boris"))
    for _ in range(3):
        make_file(owner=anna)
    with django_assert_max_num_queries(12):
        if chosen == "one":
            answer = admin_client.post(f"/admin/auth/user/{anna.pk}/delete/", {"post": "yes"})
        else:
            both = {"action": "delete_selected", "_selected_action": [anna.pk, boris.pk], "post": "yes"}
            answer = admin_client.post("/admin/auth/user/", both)
    assert "<li>3 files of anna</li>" in answer.content.decode()
    assert answer.content.count(b"<li>3 files") == 1
    assert django_user_model.objects.filter(username__in=["anna", "boris"]).count() == 2
    assert admin_client.post(f"/admin/auth/user/{boris.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not django_user_model.objects.filter(username="boris").exists()
