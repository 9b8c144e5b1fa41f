"""Pages laid out in a PDF with their image bytes untouched.

Each page is its image, placed by a matrix: the resolution is the matrix, so is the turn that makes print level; a crop
is a smaller page over the same image, a quarter turn is the page's /Rotate. Nothing is encoded again for any of them.
Text that was read lies under the image. Pages of a PDF that are more than one image are kept as they are, where that is
lawful (:mod:`scanning.carrying`).
The images of a thick document wait on the disk, so that a worker's memory does not grow with it.
"""

import contextlib
import dataclasses
import functools
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf

from scanning import scanner_pdf
from scanning.carrying import Way, carried
from scanning.page import PageNote, PageSource, PdfDraft
from scanning.placing import Sheet, moved
from scanning.raster import open_image
from scanning.stash import Stash
from scanning.streams import ImageStream, OpenedPage
from scanning.structure import FileKind
from scanning.textlayer import TextLayers
from schemas.document import Crop

THICK_BYTES = 48 << 20
"""Originals that weigh more together are not held in memory: thirty pages of 1.5 MB, A4 in colour at 300 dpi."""
DRAWN_BYTES = 1 << 20
"""What a page of a PDF may weigh once it is drawn anew, whatever the file weighs."""


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
    takes the quarter turn only. ``sha256`` is the digest that the original had when it was measured: other bytes are
    not what somebody saw, and are refused; ``None`` takes the file as it is.
    """

    source: PageSource
    dpi: int
    skew_deg: float = 0.0
    rotate_deg: int = 0
    crop: Crop | None = None
    text_pdf: Path | None = None
    sha256: str | None = None


def assemble(leaves: Sequence[Leaf], *, scratch: Path | None = None) -> PdfDraft:
    """Lay out the pages in order.

    Args:
        leaves: the pages.
        scratch: file for the images of a thick document while it is made, overwritten and removed; default: one in the
            system's folder for such files.

    Raises:
        BadFile: a page cannot be read or carried over.
    """
    with contextlib.ExitStack() as files:
        stash = None
        if _weight(leaves) > THICK_BYTES:
            if scratch is None:
                scratch = Path(files.enter_context(tempfile.TemporaryDirectory())) / "images.pdf"
            stash = Stash(scratch, files)
        draft = _Draft(files, stash)
        opened: dict[object, pikepdf.Pdf] = {}
        for leaf in leaves:
            if leaf.source.kind is not FileKind.PDF:
                draft.place(open_image(leaf.source.path, leaf.source.kind, leaf.source.page_no), leaf)
                continue
            if leaf.source.path not in opened:
                opened[leaf.source.path] = files.enter_context(scanner_pdf.opened(leaf.source.path))
            source = opened[leaf.source.path]
            found = carried(source, leaf.source.page_no)
            if found.way is Way.KEPT:
                draft.keep(source, leaf)
            else:
                draft.place(found.page, leaf, found.why)
        pdf = draft.finished()
        # Kept pages, text and stashed images are read from their files when the draft is saved.
        return PdfDraft(pdf, tuple(draft.notes), keeps_pages=draft.keeps_pages, files=files.pop_all())


def _weight(leaves: Sequence[Leaf]) -> int:
    """Bytes of the originals; a file of several pages counts once."""
    sizes = {leaf.source.path: leaf.source.path.stat().st_size for leaf in leaves}
    several = (FileKind.PDF, FileKind.TIFF)
    drawn = DRAWN_BYTES * sum(leaf.source.kind is FileKind.PDF for leaf in leaves)
    singles = sum(sizes[leaf.source.path] for leaf in leaves if leaf.source.kind not in several)
    return (
        singles
        + drawn
        + sum(sizes[path] for path in {leaf.source.path for leaf in leaves if leaf.source.kind in several})
    )


class _Draft:
    """Images first, then pages over them; profiles and fonts that several pages share are written once."""

    def __init__(self, files: contextlib.ExitStack, stash: Stash | None) -> None:
        self.notes: list[PageNote] = []
        self.keeps_pages = False
        self._files = files
        self._stash = stash
        self._steps: list[Callable[[pikepdf.Pdf], None]] = []
        self._profiles: dict[bytes, pikepdf.Object] = {}
        self._texts: TextLayers

    def finished(self) -> pikepdf.Pdf:
        """The pages, laid out over the images that were taken."""
        pdf = pikepdf.Pdf.new() if self._stash is None else self._stash.open()
        self._texts = TextLayers(pdf, self._files)
        for step in self._steps:
            step(pdf)
        return pdf

    def place(self, page: OpenedPage, leaf: Leaf, why: str = "") -> None:
        """Add a page that is one image; ``why`` it was not kept as it was."""
        stream = page.stream()
        conversion = f"{stream.conversion}: {why}" if stream.conversion and why else stream.conversion
        self.notes.append(PageNote(hashlib.sha256(stream.data).hexdigest(), conversion))
        number = 0
        if self._stash is not None:
            number = self._stash.add(stream.data)
            stream = dataclasses.replace(stream, data=b"")
        sheet = _sheet(page, leaf, stream)
        self._steps.append(functools.partial(self._lay, leaf, sheet, stream, number, page.mirrored))

    def _lay(
        self, leaf: Leaf, sheet: Sheet, stream: ImageStream, number: int, mirrored: bool, pdf: pikepdf.Pdf
    ) -> None:
        image: Any = pdf.get_object((number, 0)) if number else pikepdf.Stream(pdf, stream.data)
        for key, value in self._image_keys(stream, pdf).items():
            image[key] = value
        objects: dict[str, Any] = {"/Im": image}
        drawn = [sheet.image("Im", mirrored=mirrored)]
        if leaf.text_pdf is not None:
            objects["/Text"], wide, high = self._texts.form(leaf.text_pdf)
            drawn.insert(0, sheet.upright("Text", wide, high))
        x, y, width, height = sheet.window(leaf.crop)
        keys: dict[str, Any] = {
            "/Type": pikepdf.Name.Page,
            "/MediaBox": pikepdf.Array([0, 0, width, height]),
            "/Resources": pikepdf.Dictionary(XObject=pikepdf.Dictionary(objects)),
            "/Contents": pikepdf.Stream(pdf, moved(drawn, x, y).encode()),
        }
        if sheet.rotate_deg:
            keys["/Rotate"] = sheet.rotate_deg
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(pikepdf.Dictionary(keys))))

    def keep(self, source: pikepdf.Pdf, leaf: Leaf) -> None:
        """Add a page of a PDF as it is but for a quarter turn; its digest is that of its content."""
        page = source.pages[leaf.source.page_no - 1]
        digest = hashlib.sha256()
        for part in page.get("/Contents", pikepdf.Array()) if _is_array(page) else [page.get("/Contents")]:
            if isinstance(part, pikepdf.Stream):
                digest.update(part.read_raw_bytes())
        for _, image in sorted(page.get_images().items()):
            digest.update(image.read_raw_bytes())
        self.keeps_pages = True
        self.notes.append(PageNote(digest.hexdigest(), "page kept as it was"))
        self._steps.append(functools.partial(_carry_over, page, leaf.rotate_deg))

    def _image_keys(self, stream: ImageStream, pdf: pikepdf.Pdf) -> dict[str, Any]:
        keys: dict[str, Any] = {
            "/Type": pikepdf.Name.XObject,
            "/Subtype": pikepdf.Name.Image,
            "/Width": stream.width,
            "/Height": stream.height,
            "/BitsPerComponent": stream.bits,
            "/ColorSpace": self._space(stream, pdf),
            "/Filter": pikepdf.Name(f"/{stream.filter}"),
        }
        if stream.parms:
            parms = {f"/{name}": value for name, value in sorted(stream.parms.items())}
            keys["/DecodeParms"] = pikepdf.Dictionary(parms)
        return keys

    def _space(self, stream: ImageStream, pdf: pikepdf.Pdf) -> pikepdf.Object:
        channels = 3 if stream.palette else stream.channels
        space: pikepdf.Object = pikepdf.Name.DeviceGray if channels == 1 else pikepdf.Name.DeviceRGB
        if stream.icc is not None:
            if stream.icc not in self._profiles:
                profile = pikepdf.Stream(pdf, stream.icc)
                profile["/N"] = channels
                self._profiles[stream.icc] = pdf.make_indirect(profile)
            space = pikepdf.Array([pikepdf.Name.ICCBased, self._profiles[stream.icc]])
        if stream.palette is None:
            return space
        colours = pikepdf.Stream(pdf, stream.palette)
        return pikepdf.Array([pikepdf.Name.Indexed, space, len(stream.palette) // 3 - 1, pdf.make_indirect(colours)])


def _carry_over(page: pikepdf.Page, rotate_deg: int, pdf: pikepdf.Pdf) -> None:
    pdf.pages.append(page)
    if rotate_deg:
        pdf.pages[-1].rotate(rotate_deg, relative=True)


def _sheet(page: OpenedPage, leaf: Leaf, stream: ImageStream) -> Sheet:
    """The raster on paper; its own stretch counts only where its own resolution was believed."""
    is_own = page.dpi is not None and round(page.dpi) == leaf.dpi
    down = leaf.dpi * page.aspect if is_own else leaf.dpi
    rotate = page.rotate_deg + leaf.rotate_deg
    return Sheet.of((stream.width, stream.height), (leaf.dpi, down), skew_deg=leaf.skew_deg, rotate_deg=rotate)


def _is_array(page: pikepdf.Page) -> bool:
    return isinstance(page.get("/Contents"), pikepdf.Array)
