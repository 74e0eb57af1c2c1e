"""Files, jobs and artifacts as JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from filemill.files.models import NAME_MAX_CHARS, File, Kind, Status
from filemill.files.rules import check_metadata
from filemill.processing.models import Artifact, Job
from filemill.processing.states import State
from filemill.uploads.rules import clean_name


class ReasonSerializer(serializers.Serializer[Any]):
    """Why something failed, for a program and for a person."""

    code = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    processor = serializers.CharField()


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    """Bytes that a processor made."""

    url = serializers.URLField(help_text="Absolute address of the bytes.")

    class Meta:
        model = Artifact
        fields = ["name", "media_type", "size", "url"]


class ProvenanceSerializer(serializers.Serializer[Any]):
    """How facts and artifacts came about."""

    input_sha256 = serializers.CharField(help_text="Of the bytes that were read.")
    version = serializers.IntegerField(help_text="Of the processor.")
    libraries = serializers.DictField(child=serializers.CharField(), help_text="Versions, by the names of packages.")
    seconds = serializers.FloatField()
    peak_memory_bytes = serializers.IntegerField(allow_null=True)


class JobSerializer(serializers.ModelSerializer[Job]):
    """One processor on one file."""

    state = serializers.ChoiceField(choices=State.choices)
    progress = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    error = ReasonSerializer(allow_null=True)
    artifacts = serializers.ListField(child=serializers.CharField(), help_text="Names of what it made.")
    provenance = ProvenanceSerializer(allow_null=True, help_text="Of what it found and made; of identification null.")

    class Meta:
        model = Job
        fields = [
            "processor", "version", "state", "attempts", "progress", "started_at", "finished_at", "error", "artifacts",
            "provenance",
        ]  # fmt: skip


class FileSerializer(serializers.ModelSerializer[File]):
    """A file that arrived whole, and how far its processing is."""

    # For the schema: `shapes` makes what is answered.

    file = serializers.URLField(read_only=True, help_text="Absolute address of the content.")
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    kind = serializers.ChoiceField(choices=Kind.choices, allow_null=True, read_only=True)
    media_type = serializers.CharField(allow_null=True, read_only=True)
    artifacts = ArtifactSerializer(many=True, read_only=True)
    warnings = ReasonSerializer(many=True, read_only=True)
    error = ReasonSerializer(allow_null=True, read_only=True)

    class Meta:
        model = File
        fields = [
            "id", "file", "uploaded_at", "processed", "status", "name", "size", "media_type", "declared_type", "kind",
            "sha256", "metadata", "artifacts", "warnings", "error",
        ]  # fmt: skip
        read_only_fields = fields


@extend_schema_field({"type": "object", "additionalProperties": {"type": "object"}})
class FactsField(serializers.JSONField):
    """What each processor found."""


class FileDetailSerializer(FileSerializer):
    """A file with its facts and jobs."""

    facts = FactsField(read_only=True, help_text="What each processor found, by the processor's name.")
    jobs = JobSerializer(many=True, read_only=True)

    class Meta(FileSerializer.Meta):
        fields = [*FileSerializer.Meta.fields, "facts", "jobs"]
        read_only_fields = fields


class TextField(serializers.CharField):
    """A string; REST Framework's own field takes numbers too."""

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401  # REST Framework's signature
        """Return the string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumberField(serializers.IntegerField):
    """A whole number; REST Framework's own field takes strings too."""

    def to_internal_value(self, data: Any) -> int:  # noqa: ANN401  # REST Framework's signature
        """Return the number."""
        if isinstance(data, bool | str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not have instead of dropping them: a misspelt one must not pass for a missing one."""

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401  # REST Framework's signature
        """Return the validated fields."""
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            known = " and ".join(f"`{field}`" for field in self.fields)
            errors = {field[:100]: f"There is no such field here, only {known}." for field in unknown}
            raise serializers.ValidationError(errors, code="unknown")
        return super().to_internal_value(data)


class FilePatchSerializer(StrictSerializer):
    """What a client may change: the name and the metadata."""

    name = TextField(required=False, max_length=NAME_MAX_CHARS)
    metadata = serializers.DictField(required=False, help_text="At most 16 KiB of JSON; replaces what was there.")

    def validate_name(self, value: str) -> str:
        """Return the name fit to keep."""
        return clean_name(value)

    def validate_metadata(self, value: object) -> dict[str, Any]:
        """Return metadata that can be stored."""
        return check_metadata(value)


class ReprocessSerializer(StrictSerializer):
    """Which processors run again; all of them if none is named."""

    processors = serializers.ListField(child=TextField(max_length=64), required=False, min_length=1, max_length=50)


class ProcessorSerializer(serializers.Serializer[Any]):
    """A processor that is installed."""

    name = serializers.CharField()
    version = serializers.IntegerField()
    accepts = serializers.ListField(child=serializers.CharField())
    required = serializers.BooleanField()  # type: ignore[assignment]  # a field of ours, not of REST Framework's
    missing = serializers.ListField(child=serializers.CharField(), help_text="What this machine lacks for it.")
    limits = serializers.DictField(child=serializers.FloatField())


class ProblemFieldSerializer(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = ProblemFieldSerializer(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField(allow_null=True)
