"""A feed of the scanner as files: one JPEG a page, one TIFF with CCITT G4, or one PDF of images."""

import io
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pikepdf
from PIL import Image

from gateway.sample.pages.covers import CoverFor
from gateway.sample.pages.drawing import sheets
from gateway.sample.pages.wear import bilevel, worn

Kind = Literal["jpeg", "tiff", "pdf"]
QUALITY = 85
"""JPEG quality of common office scanners."""


def draw_batch(
    dossiers: Sequence[CoverFor], out_dir: Path, *, kind: Kind, seed: int, dpi: int = 200, name: str = "lo"
) -> list[Path]:
    """Draw the dossiers one after another, cover first, and write them as a scanner would.

    Args:
        dossiers: what to draw, in the order of the feed.
        out_dir: folder for the files; made if missing.
        kind: ``jpeg`` writes ``<name>-0001.jpg`` and so on, ``tiff`` and ``pdf`` one file with all pages.
        seed: same seed, same bytes.
        dpi: resolution; 200 is what Decree 30/2020 asks for, 300 what small codes like.
        name: beginning of the file names.

    Returns:
        The files in the order of the feed.
    """
    return write_batch(draw_scans(dossiers, seed=seed, dpi=dpi), out_dir, kind=kind, dpi=dpi, name=name)


def draw_scans(dossiers: Sequence[CoverFor], *, seed: int, dpi: int = 200) -> list[Image.Image]:
    """The sheets of the dossiers as worn RGB pixels, in the order of the feed."""
    chance = random.Random(seed)
    return [worn(clean, chance) for dossier in dossiers for clean in sheets(dossier, chance, dpi=dpi)]


def write_batch(
    scans: Sequence[Image.Image], out_dir: Path, *, kind: Kind, dpi: int = 200, name: str = "lo"
) -> list[Path]:
    """Write drawn scans as one kind of scanner does; see :func:`draw_batch`."""
    out_dir.mkdir(parents=True, exist_ok=True)
    if kind == "jpeg":
        return [write_jpeg(scan, out_dir / f"{name}-{n:04d}.jpg", dpi) for n, scan in enumerate(scans, start=1)]
    if kind == "tiff":
        return [write_tiff(scans, out_dir / f"{name}.tif", dpi)]
    return [write_pdf(scans, out_dir / f"{name}.pdf", dpi)]


def write_jpeg(scan: Image.Image, path: Path, dpi: int, quality: int = QUALITY) -> Path:
    """One page as a baseline colour JPEG."""
    path.write_bytes(_jpeg(scan, dpi, quality))
    return path


def write_tiff(scans: Sequence[Image.Image], path: Path, dpi: int) -> Path:
    """All pages as CCITT G4, each in one strip."""
    first, *rest = (bilevel(scan) for scan in scans)
    one_strip = {278: first.height}
    first.save(
        path, "TIFF", compression="group4", dpi=(dpi, dpi), tiffinfo=one_strip, save_all=True, append_images=rest
    )
    return path


def write_pdf(scans: Sequence[Image.Image], path: Path, dpi: int) -> Path:
    """All pages as a scanner's PDF: a JPEG on each page and nothing else."""
    with pikepdf.Pdf.new() as pdf:
        for scan in scans:
            width, height = (round(side * 72 / dpi, 2) for side in scan.size)
            image = pikepdf.Stream(pdf, _jpeg(scan, dpi, QUALITY))
            image["/Type"], image["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Image
            image["/Width"], image["/Height"], image["/BitsPerComponent"] = scan.width, scan.height, 8
            image["/ColorSpace"], image["/Filter"] = pikepdf.Name.DeviceRGB, pikepdf.Name.DCTDecode
            page = pikepdf.Dictionary(
                Type=pikepdf.Name.Page,
                MediaBox=pikepdf.Array([0, 0, width, height]),
                Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image)),
                Contents=pikepdf.Stream(pdf, f"q {width} 0 0 {height} 0 0 cm /Im0 Do Q".encode()),
            )
            pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        pdf.save(path, deterministic_id=True)
    return path


def _jpeg(scan: Image.Image, dpi: int, quality: int) -> bytes:
    buffer = io.BytesIO()
    scan.save(buffer, "JPEG", quality=quality, dpi=(dpi, dpi))
    return buffer.getvalue()
