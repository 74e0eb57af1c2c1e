"""A file and what was made of it."""

from django.db import models


class File(models.Model):  # noqa: DJ008  # nobody looks at it
    """A file."""

    file = models.FileField(upload_to="uploads/%Y/%m/%d/")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    processed = models.BooleanField(default=False)
    facts = models.JSONField(default=dict)


class Artifact(models.Model):  # noqa: DJ008  # nobody looks at it
    """Something made of a file."""

    of = models.ForeignKey(File, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=64)
    content = models.FileField(upload_to="artifacts/%Y/%m/%d/")
