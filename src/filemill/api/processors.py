"""/processors/."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from filemill.api import schema
from filemill.api.serializers import ProcessorSerializer
from filemill.processors.registry import lacks, processors


class ProcessorsView(APIView):
    """The catalogue."""

    @extend_schema(
        operation_id="list_processors",
        responses={200: ProcessorSerializer(many=True), **schema.problems()},
    )
    def get(self, request: Request) -> Response:  # Django's signature
        """List the processors that are installed, with what this machine lacks for them."""
        catalogue = [
            {
                "name": processor.name,
                "version": processor.version,
                "accepts": processor.accepts,
                "required": processor.required,
                "missing": lacks(processor),
                "limits": asdict(processor.limits),
            }
            for processor in processors().values()
        ]
        return Response(ProcessorSerializer(catalogue, many=True).data)
