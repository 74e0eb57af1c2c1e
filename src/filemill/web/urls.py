"""The addresses of the pages for people."""

from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from filemill.web import account_views, activity_views, chosen_views, file_views, languages, sessions, views

app_name = "web"
urlpatterns = [
    path("", views.index, name="index"),
    # Pages that are not ours, such as the admin's, name no icon; browsers then ask here.
    path("favicon.ico", RedirectView.as_view(url=static("filemill/icon.svg"))),
    # People type these: without the slash, too. Links are made with it, for it comes last.
    path("app/sign-in", sessions.SignIn.as_view(), name="sign-in"),
    path("app/sign-in/", sessions.SignIn.as_view(), name="sign-in"),
    path("app/sign-out", sessions.SignOut.as_view(), name="sign-out"),
    path("app/sign-out/", sessions.SignOut.as_view(), name="sign-out"),
    path("app/account", account_views.account_page),
    path("app/account/", account_views.account_page, name="account"),
    path("app/account/tokens/", account_views.make_token, name="make-token"),
    path("app/account/tokens/revoke/", account_views.revoke_token, name="revoke-token"),
    path("app/account/password/", account_views.change_password, name="change-password"),
    path("app/activity", activity_views.activity_page),
    path("app/activity/", activity_views.activity_page, name="activity"),
    path("app/activity/live/", activity_views.live_activity, name="live-activity"),
    path("app/activity/retry/", activity_views.retry_all, name="retry-all"),
    path("app/language/<str:code>/", languages.choose, name="language"),
    path("app/list/", views.live_list, name="live-list"),
    path("app/list/rows/", views.live_rows, name="live-rows"),
    path("app/chosen/delete/", chosen_views.delete, name="delete-chosen"),
    path("app/chosen/reprocess/", chosen_views.reprocess, name="reprocess-chosen"),
    path("app/chosen/zip/", chosen_views.as_zip, name="zip-chosen"),
    path("app/files/<uuid:file_id>", file_views.file_page),
    path("app/files/<uuid:file_id>/", file_views.file_page, name="file"),
    path("app/files/<uuid:file_id>/live/", file_views.live_file, name="live-file"),
    path("app/files/<uuid:file_id>/reprocess/", file_views.reprocess, name="reprocess"),
    path("app/files/<uuid:file_id>/cancel/", file_views.cancel, name="cancel"),
    path("app/files/<uuid:file_id>/delete/", file_views.delete, name="delete"),
]
