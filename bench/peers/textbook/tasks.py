"""What is done with a file: the artifacts that Filemill makes, too."""

import io
from pathlib import Path

from celery import shared_task
from django.core.files.base import ContentFile
from PIL import Image

from textbook.models import Artifact, File


@shared_task
def process(file_id: int) -> None:
    """Process one file."""
    file = File.objects.get(pk=file_id)
    work = _picture if Path(file.file.name).suffix == ".jpg" else _text
    file.facts = work(file)
    file.processed = True
    file.save()


def _picture(file: File) -> dict[str, int]:
    with Image.open(file.file) as picture:
        width, height = picture.size
        picture.load()
    for edge in (1024, 256):
        picture.thumbnail((edge, edge), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=80, method=2)
        _keep(file, f"thumbnail-{edge}", ".webp", out.getvalue())
    return {"width": width, "height": height}


def _text(file: File) -> dict[str, int]:
    text = file.file.read().decode()
    _keep(file, "text", ".txt", text.encode())
    return {"characters": len(text), "words": len(text.split()), "lines": len(text.splitlines())}


def _keep(file: File, name: str, suffix: str, content: bytes) -> None:
    Artifact(of=file, name=name).content.save(f"{name}{suffix}", ContentFile(content), save=True)
