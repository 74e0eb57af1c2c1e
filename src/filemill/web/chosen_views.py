"""What a person does to the chosen files of the list: delete them, process them again, take them as one ZIP."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from filemill.accounts.caller import caller_of, party_of
from filemill.core.errors import NotFound
from filemill.files.models import File
from filemill.files.transfers import transfer
from filemill.files.zipped import Original, Zipped
from filemill.processing import record
from filemill.processing.forget import forget
from filemill.web.chosen import Outcome, do_to_each, ids_of
from filemill.web.views import SeeOther

_MOST_TOLD = 10


@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    """Delete the chosen files with all that was made of them; ask first, unless that was done."""
    ids = ids_of(request.POST.getlist("file"))
    if "sure" not in request.POST:
        names = list(File.objects.seen_by(caller_of(request)).filter(pk__in=ids).values_list("name", flat=True))
        context = {"ids": ids, "names": names[:_MOST_TOLD], "rest": len(names) - _MOST_TOLD, "count": len(names)}
        return render(request, "filemill/delete.html", {**context, "query": _query(request)})
    return _do(request, ids, forget, lambda count: ngettext("%d file deleted.", "%d files deleted.", count) % count)


@require_POST
def reprocess(request: HttpRequest) -> HttpResponse:
    """Run all processors on the chosen files again."""
    deed = partial(record.reprocess, names=None)
    again = _("Earlier results stay until new ones replace them.")

    def said(count: int) -> str:
        words = ngettext("%d file will be processed again.", "%d files will be processed again.", count) % count
        return f"{words} {again}"

    return _do(request, ids_of(request.POST.getlist("file")), deed, said)


@require_POST
def as_zip(request: HttpRequest) -> HttpResponseBase:
    """Return the originals of the chosen files as one ZIP, made while it is sent."""
    ids = ids_of(request.POST.getlist("file"))
    found = {file.pk: file for file in File.objects.seen_by(caller_of(request)).filter(pk__in=ids)}
    if not found:
        raise NotFound("There is no such file.")
    files = [found[each] for each in ids if each in found]
    originals = [Original(str(each.file), each.name, each.size, each.uploaded_at) for each in files]
    zipped = Zipped(originals, transfer(party_of(request)))
    answer = StreamingHttpResponse(zipped, content_type="application/zip")
    answer["Content-Length"] = str(zipped.size)  # so that what breaks off is seen to
    name = f"filemill-{timezone.now():%Y-%m-%d-%H%M%S}.zip"
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    answer["Cache-Control"] = "private, no-store"
    return answer


def _do(
    request: HttpRequest, ids: list[UUID], deed: Callable[[UUID], None], said: Callable[[int], str]
) -> HttpResponse:
    outcome = do_to_each(caller_of(request), ids, deed)
    if not request.accepts("text/html"):
        return JsonResponse(_shape(outcome))
    if outcome.done:
        messages.info(request, said(len(outcome.done)))
    for failure in outcome.failures[:_MOST_TOLD]:
        messages.error(request, f"{failure.name or failure.id}: {failure.words}")
    if (rest := len(outcome.failures) - _MOST_TOLD) > 0:
        messages.error(request, ngettext("%d more failed.", "%d more failed.", rest) % rest)
    return SeeOther(f"{reverse('web:index')}{_query(request)}")


def _shape(outcome: Outcome) -> dict[str, object]:
    failures = [{"id": each.id, "name": each.name, "detail": each.words} for each in outcome.failures]
    return {"done": outcome.done, "failures": failures}


def _query(request: HttpRequest) -> str:
    """Return the list's query, written anew: whatever the form says, it leads to the list."""
    query = QueryDict(request.POST.get("query", "").removeprefix("?")).urlencode()
    return f"?{query}" if query else ""
