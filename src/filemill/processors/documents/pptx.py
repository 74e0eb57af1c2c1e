"""Reads PowerPoint's presentations (pptx, pptm, ppsx, potx): slides in their order, with their notes."""

from filemill.processors.documents import faults, ooxml
from filemill.processors.documents.blocks import Blocks
from filemill.processors.documents.found import Found
from filemill.processors.documents.package import Package
from filemill.processors.documents.prose import Prose

_TITLES = ("title", "ctrTitle")
_BULLETED = ("body", "obj")
#: What the master puts on each slide by itself.
_REPEATED = ("dt", "ftr", "hdr", "sldNum", "sldImg")


class _Order:
    """Hears the order of the slides."""

    def __init__(self, most: int) -> None:
        self.keys: list[str] = []
        self._most = most

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sldId" and len(self.keys) <= self._most:
            self.keys.append(attributes.get("id", ""))

    def end(self, name: str) -> None:
        """A slide is told as it begins."""

    def text(self, text: str) -> None:
        """The list holds none."""


class _Slide(Blocks):
    """Hears the shapes of a slide; its title becomes a heading."""

    def __init__(self, prose: Prose) -> None:
        super().__init__(prose)
        self._holder = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("sp", "graphicFrame", "pic", "cxnSp"):
            self._holder = ""
        elif name == "ph":
            self._holder = attributes.get("type", "body")
        super().start(name, attributes)
        if name == "p" and self._open and self._holder in _TITLES:
            self._open[-1].level = 2
        elif name == "p" and self._open and self._holder in _BULLETED:
            self._open[-1].depth = 0

    def text(self, text: str) -> None:
        if self._holder not in _REPEATED:
            super().text(text)


def read(package: Package, prose: Prose) -> Found:
    """Write the text of a presentation; return what else was found."""
    roots = ooxml.relations(package)
    main = next(ooxml.of_purpose(roots, "officeDocument"), "ppt/presentation.xml")
    if main not in package:
        raise faults.corrupt("It lacks its main part")
    most = package.bounds.slides
    order = _Order(most)
    package.parse(main, order)
    if len(order.keys) > most:
        raise faults.too_large(f"has more than {most} slides")
    targets = {each.key: each.target for each in ooxml.relations(package, main)}
    slides = [targets[key] for key in order.keys if targets.get(key, "") in package]
    for slide in slides:
        package.parse(slide, _Slide(prose))
        related = ooxml.relations(package, slide)
        for beside in ("diagramData", "notesSlide"):
            for part in ooxml.of_purpose(related, beside):
                package.parse_optional(part, _Slide(prose))
    facts = ooxml.facts(package, roots, [main, *slides])
    return Found({"slides": len(order.keys), **facts}, ooxml.picture(package, roots))
