"""Tags for the pages."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from filemill.languages import sentences
from filemill.web import addresses
from filemill.web.bundle import bundle

register = template.Library()


@register.simple_tag
def scripts_and_style() -> SafeString:
    """Load what was built for the pages."""
    built = bundle()
    if built is None:
        return SafeString()
    preloads = format_html_join(
        "", '<link rel="modulepreload" href="{}">', ((static(path),) for path in built.preloads)
    )
    return format_html(
        '<link rel="stylesheet" href="{}">{}<script type="module" src="{}"></script>',
        static(built.style), preloads, static(built.script),
    )  # fmt: skip


register.filter("page_of", addresses.page_of)


@register.filter
def said(words: str) -> str:
    """Say in the language of the page what was made in English."""
    return sentences.said(words)
