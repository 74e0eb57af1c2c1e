"""POST /upload/."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from filemill.accounts.caller import caller_of
from filemill.api import schema
from filemill.api.requests import wsgi_request
from filemill.api.serializers import FileDetailSerializer
from filemill.uploads.receive import receive


class UploadView(APIView):
    """The only address for bytes."""

    parser_classes = []  # the body goes straight to the disk

    @extend_schema(
        operation_id="upload",
        parameters=schema.UPLOAD_PARAMETERS,
        request=schema.UPLOAD_REQUEST,
        responses={201: FileDetailSerializer, **schema.problems(400, 408, 411, 413, 415, 503, 507)},
    )
    def post(self, request: Request) -> Response:
        """Keep a file and start its processing.

        Send a form with exactly one part `file`, or the bytes alone with `?name=` or Content-Disposition.
        The answer comes once the bytes are safe; processing goes on in the background.
        """
        file = receive(wsgi_request(request), caller_of(request), lambda _fields: None)
        data = FileDetailSerializer(file, context={"request": request}).data
        return Response(data, status=status.HTTP_201_CREATED, headers={"Location": f"/files/{file.id}/"})
