"""Pages laid out in a PDF with their image bytes untouched.

Each page is its image, placed by a matrix: the resolution is the matrix, so is the turn that makes print level. Nothing
is encoded again for either. Pages of a scanner's PDF that are more than one image are kept as they are.
"""

import contextlib
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf

from scanning import scanner_pdf
from scanning.page import PageNote, PageSource, PdfDraft
from scanning.raster import ImageStream, OpenedPage, open_image
from scanning.structure import FileKind
from schemas.document import Crop

LEVEL_FROM_DEG = 0.2
"""Print turned less than this looks level; turning it would only clip the corners."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page to be laid out.

    ``skew_deg`` is its clockwise turn, which the page's matrix takes back, about the centre of the whole raster.
    ``rotate_deg`` is a quarter turn clockwise (0, 90, 180, 270) on top of what the file itself asks for.
    ``crop`` is what of the raster is paper: the page becomes as large as it, around its centre turned level with the
    print; so a crop may have the size of the level sheet. ``text_pdf`` is a PDF of one page with the text that was
    read, as Tesseract's ``textonly_pdf`` makes it; that page is the page as a reader sees it before it is cropped: the
    raster mirrored where EXIF says so, turned level about its centre without growing, then turned upright by the
    file's quarter turns and ours together, at ``dpi``. Text is laid under the image; a page that is kept as it was
    takes the quarter turn only.
    """

    source: PageSource
    dpi: int
    skew_deg: float = 0.0
    rotate_deg: int = 0
    crop: Crop | None = None
    text_pdf: Path | None = None


def assemble(leaves: Sequence[Leaf]) -> PdfDraft:
    """Lay out the pages in order.

    Raises:
        BadFile: a page cannot be read or carried over.
    """
    draft = _Draft()
    with contextlib.ExitStack() as files:
        opened: dict[object, pikepdf.Pdf] = {}
        for leaf in leaves:
            if leaf.source.kind is not FileKind.PDF:
                draft.place(open_image(leaf.source.path, leaf.source.kind, leaf.source.page_no), leaf)
                continue
            if leaf.source.path not in opened:
                opened[leaf.source.path] = files.enter_context(scanner_pdf.opened(leaf.source.path))
            source = opened[leaf.source.path]
            page = scanner_pdf.open_page(source, leaf.source.page_no)
            if page.stream is None:
                draft.keep(source, leaf.source.page_no)
            else:
                draft.place(page, leaf)
        # Kept pages read their streams from the source when the draft is saved.
        return PdfDraft(draft.pdf, tuple(draft.notes), keeps_pages=draft.keeps_pages, files=files.pop_all())


class _Draft:
    """The PDF while it grows; profiles that several pages share are written once."""

    def __init__(self) -> None:
        self.pdf = pikepdf.Pdf.new()
        self.notes: list[PageNote] = []
        self.keeps_pages = False
        self._profiles: dict[bytes, pikepdf.Object] = {}

    def place(self, page: OpenedPage, leaf: Leaf) -> None:
        """Add a page that is one image."""
        assert page.stream is not None, "a page without a stream is kept, not placed"
        stream = page.stream()
        width, height = (round(side * 72 / leaf.dpi, 3) for side in (stream.width, stream.height))
        image = pikepdf.Stream(self.pdf, stream.data)
        for key, value in self._image_keys(stream).items():
            image[key] = value
        content = pikepdf.Stream(self.pdf, _placing(width, height, leaf.skew_deg).encode())
        keys: dict[str, Any] = {
            "/Type": pikepdf.Name.Page,
            "/MediaBox": pikepdf.Array([0, 0, width, height]),
            "/Resources": pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image)),
            "/Contents": content,
        }
        if page.rotate_deg:
            keys["/Rotate"] = page.rotate_deg
        self.pdf.pages.append(pikepdf.Page(self.pdf.make_indirect(pikepdf.Dictionary(keys))))
        self.notes.append(PageNote(hashlib.sha256(stream.data).hexdigest(), stream.conversion))

    def keep(self, source: pikepdf.Pdf, page_no: int) -> None:
        """Add a page of a PDF as it is; its digest is that of its content."""
        page = source.pages[page_no - 1]
        digest = hashlib.sha256()
        for part in page.get("/Contents", pikepdf.Array()) if _is_array(page) else [page.get("/Contents")]:
            if isinstance(part, pikepdf.Stream):
                digest.update(part.read_raw_bytes())
        for _, image in sorted(page.get_images().items()):
            digest.update(image.read_raw_bytes())
        self.pdf.pages.append(page)
        self.keeps_pages = True
        self.notes.append(PageNote(digest.hexdigest(), "page kept as it was"))

    def _image_keys(self, stream: ImageStream) -> dict[str, Any]:
        keys: dict[str, Any] = {
            "/Type": pikepdf.Name.XObject,
            "/Subtype": pikepdf.Name.Image,
            "/Width": stream.width,
            "/Height": stream.height,
            "/BitsPerComponent": stream.bits,
            "/ColorSpace": self._space(stream),
            "/Filter": pikepdf.Name(f"/{stream.filter}"),
        }
        if stream.parms:
            parms = {f"/{name}": value for name, value in sorted(stream.parms.items())}
            keys["/DecodeParms"] = pikepdf.Dictionary(parms)
        return keys

    def _space(self, stream: ImageStream) -> pikepdf.Object:
        if stream.icc is None:
            return pikepdf.Name.DeviceGray if stream.channels == 1 else pikepdf.Name.DeviceRGB
        if stream.icc not in self._profiles:
            profile = pikepdf.Stream(self.pdf, stream.icc)
            profile["/N"] = stream.channels
            self._profiles[stream.icc] = self.pdf.make_indirect(profile)
        return pikepdf.Array([pikepdf.Name.ICCBased, self._profiles[stream.icc]])


def _is_array(page: pikepdf.Page) -> bool:
    return isinstance(page.get("/Contents"), pikepdf.Array)


def _placing(width_pt: float, height_pt: float, skew_deg: float) -> str:
    """Content that places the image on the page, turned back about the page's centre when it is turned."""
    turn = ""
    if abs(skew_deg) >= LEVEL_FROM_DEG:
        cos, sin = math.cos(math.radians(skew_deg)), math.sin(math.radians(skew_deg))
        x, y = width_pt / 2, height_pt / 2
        matrix = (cos, sin, -sin, cos, x - x * cos + y * sin, y - x * sin - y * cos)
        turn = " ".join(f"{value:.5f}" for value in matrix) + " cm "
    return f"q {turn}{width_pt} 0 0 {height_pt} 0 0 cm /Im Do Q"
