"""What the content of a PDF page shows: one image all over the page and nothing else, or more than that.

Scanners write three kinds of page: the image alone; the image with the words that their own reader found, invisible
over it or hidden under it; and the image in pieces. The first two show one image, and that image can be taken over as
it is. Nothing is drawn here: the page's operators are walked in order, and one that is not understood makes the page
more than an image.
"""

import dataclasses
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from scanning.placing import quarter_turn

CONTENT_MOST = 4 << 20
"""Bytes of content that a page may have: a page of dense print has 100 kB, and judging this much takes 7 s."""
WALKED_MOST = 1 << 20
"""Bytes of content that are walked in search of the one image; the words of a dense page take 200 kB."""
FILLS = 0.02
"""An image fills its page when its edges lie no further than this share of a side from the page's."""
_FORMS_MOST = 6
"""Forms within forms that are walked into; readers of scanners use one."""
_PARENTS_MOST = 100
"""Nodes of the page tree above a page that an inherited entry is looked for in."""

_NEVER_PAINT = (
    "w J j M d ri i g G rg RG k K cs CS sc SC scn SCN BMC BDC EMC MP DP BX EX d0 d1"
    " BT ET Tc Tw Tz TL Ts Td TD Tm T* m l c v y h"
)
_HARMLESS = frozenset(_NEVER_PAINT.split())
"""Operators that paint nothing by themselves."""
_SHOWS_TEXT = frozenset({"Tj", "TJ", "'", '"'})
_INVISIBLE, _CLIPS_FROM = 3, 4
"""Text rendering modes (ISO 32000-1, table 106)."""
_OPAQUE = {"/ca": ("1", "1.0"), "/BM": ("/Normal", "/Compatible"), "/SMask": ("/None",)}
"""What a graphics state may say and still leave an image as it is."""
_STATE_KEYS = frozenset({"/Type", "/SA", "/SM", "/AIS", "/TK", "/OP", "/op", "/OPM", "/CA", "/LW", "/LC", "/LJ", "/D"})


@dataclass(frozen=True, slots=True)
class Shown:
    """The one image that a page shows: how it is turned and mirrored, and its own sides in points.

    ``alone``: the page's content has nothing else, not even hidden.
    """

    image: Any  # a pikepdf.Object with an image dictionary's keys
    turn: tuple[int, bool]
    width_pt: float
    height_pt: float
    alone: bool


def shown_image(page: pikepdf.Page) -> Shown | None:
    """The image that is all one sees of the page, whatever lies hidden over or under it; else ``None``."""
    if len(page.obj.get("/Annots", ())) or list(page.cropbox) != list(page.mediabox):
        return None
    if not 0 < content_size(page.obj.get("/Contents"), WALKED_MOST) <= WALKED_MOST:
        return None
    walk = _Walk([float(side) for side in page.mediabox])
    try:
        walk.through(page, page.resources, _State(), 0)
    except (pikepdf.PdfError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        return None  # content that nobody can follow: the judge and the renderer will say what it is worth
    if walk.image is None or walk.more:
        return None
    image, matrix = walk.image
    turn = quarter_turn(matrix)
    if turn is None:
        return None
    a, b, c, d = matrix[:4]
    unit = float(page.obj.get("/UserUnit", 1))
    return Shown(image, turn, max(abs(a), abs(b)) * unit, max(abs(c), abs(d)) * unit, alone=not walk.hidden)


def content_size(contents: Any, most: int) -> int:
    """Bytes that a stream, or an array of streams, unfolds to, counted no further than ``most`` and a little.

    A filter that is not deflate counts as it lies; what hides in it meets the deadline of the job.
    """
    size = 0
    for part in contents if isinstance(contents, pikepdf.Array) else [contents]:
        if isinstance(part, pikepdf.Stream) and size <= most:
            size += len(_unfolded(part, most + 1))
    return size


def _unfolded(part: pikepdf.Stream, most: int) -> bytes:
    data, named = part.read_raw_bytes(), part.get("/Filter", pikepdf.Array())
    for name in named if isinstance(named, pikepdf.Array) else [named]:
        if str(name) not in ("/FlateDecode", "/Fl"):
            break
        try:
            data = zlib.decompressobj().decompress(data, most)
        except zlib.error:  # the judge, or whoever parses it, will say so
            break
    return data


def inherited(page: pikepdf.Page, key: str) -> Any:
    """An entry of the page, or of the nearest node above it that has one."""
    node: Any = page.obj
    for _ in range(_PARENTS_MOST):
        if key in node or "/Parent" not in node:
            break
        node = node.Parent
    return node.get(key)


def is_plain(image: Any) -> bool:
    """True when the stream can lie in PDF/A as it is, or be read by us and written out again."""
    if str(image.get("/Filter", "")) not in ("/DCTDecode", "/CCITTFaxDecode", "/FlateDecode"):
        return False
    return not image.get("/ImageMask", False) and not any(key in image for key in ("/SMask", "/Mask", "/Decode", "/OC"))


@dataclass(frozen=True, slots=True)
class _State:
    """The part of the graphics state that decides what is seen."""

    matrix: pikepdf.Matrix = field(default_factory=pikepdf.Matrix)
    text_mode: int = 0
    font_is_drawn: bool = True
    opaque: bool = True
    whole: bool = True
    """Nothing is clipped away."""


@dataclass(slots=True)
class _Walk:
    """One page's operators, in order. ``image`` is the last opaque one that covered all that was painted before."""

    box: list[float]
    image: tuple[Any, tuple[float, ...]] | None = None
    more: bool = False
    """Something was painted that no later image covers."""
    hidden: bool = False
    """Something lies invisible over the image, or covered by it."""
    budget: int = WALKED_MOST
    path: list[list[float]] = field(default_factory=list)
    clips: bool = False

    def through(self, content: Any, resources: Any, state: _State, depth: int) -> None:
        """Follow a page or a form; ``resources`` are its own."""
        kept: list[_State] = []
        for step in pikepdf.parse_content_stream(content):
            operator = str(step.operator)
            if operator == "q":
                kept.append(state)
            elif operator == "Q":
                state = kept.pop() if kept else state
            elif operator == "Do":
                self._object(resources.XObject[str(step.operands[0])], resources, state, depth)
            elif operator in ("re", "n", "W", "W*"):
                state = self._path(operator, step.operands, state)
            elif operator in _SHOWS_TEXT:
                state = self._text(state)
            elif operator not in _HARMLESS or _is_optional(operator, step.operands):
                state = self._changed(operator, step.operands, resources, state)

    def _changed(self, operator: str, operands: Any, resources: Any, state: _State) -> _State:
        """A change of the state that matters; anything unknown paints."""
        if operator == "cm":
            matrix = pikepdf.Matrix(*(float(value) for value in operands)) @ state.matrix
            return dataclasses.replace(state, matrix=matrix)
        if operator == "Tr":
            return dataclasses.replace(state, text_mode=int(operands[0]))
        if operator == "Tf":
            font = resources.get("/Font", {}).get(str(operands[0]))
            is_drawn = font is None or str(font.get("/Subtype")) == "/Type3"  # its glyphs know no rendering mode
            return dataclasses.replace(state, font_is_drawn=is_drawn)
        if operator == "gs":
            return dataclasses.replace(state, opaque=state.opaque and _is_opaque(resources.ExtGState[str(operands[0])]))
        if operator == "BDC":
            raise ValueError("content that a viewer may leave out")
        self.more = True
        self.path.clear()
        return state

    def _text(self, state: _State) -> _State:
        if state.text_mode != _INVISIBLE or state.font_is_drawn:
            self.more = True
        self.hidden = True
        return state if state.text_mode < _CLIPS_FROM else dataclasses.replace(state, whole=False)

    def _path(self, operator: str, operands: Iterable[Any], state: _State) -> _State:
        """A rectangle, and the clip that ends with it: one that holds the whole page changes nothing."""
        if operator == "re":
            self.path.append([float(value) for value in operands])
        elif operator == "n":
            whole = not self.clips or (len(self.path) == 1 and self._fills(_corners(self.path[0], state.matrix)))
            state = dataclasses.replace(state, whole=state.whole and whole)
            self.path.clear()
            self.clips = False
        else:
            self.clips = True
        return state

    def _object(self, drawn: Any, resources: Any, state: _State, depth: int) -> None:
        if "/OC" in drawn:
            self.more = True
        elif str(drawn.get("/Subtype")) == "/Image":
            self._image(drawn, state)
        elif depth < _FORMS_MOST and str(drawn.get("/Subtype")) == "/Form":
            self.budget -= content_size(drawn, WALKED_MOST)
            if self.budget < 0:
                raise ValueError("forms that unfold to more than a page of words")
            own = pikepdf.Matrix(*(float(value) for value in drawn.get("/Matrix", (1, 0, 0, 1, 0, 0))))
            state = dataclasses.replace(state, matrix=own @ state.matrix)
            left, low, right, top = (float(side) for side in drawn.BBox)
            whole = self._fills(_corners([left, low, right - left, top - low], state.matrix))
            state = dataclasses.replace(state, whole=state.whole and whole)
            self.through(drawn, drawn.get("/Resources", resources), state, depth + 1)
        else:
            self.more = True

    def _image(self, image: Any, state: _State) -> None:
        matrix = state.matrix.shorthand
        covers = self._fills(_corners([0, 0, 1, 1], state.matrix), exactly=True)
        if covers and state.opaque and state.whole and is_plain(image) and quarter_turn(matrix) is not None:
            self.hidden = self.hidden or self.more or self.image is not None
            self.image, self.more = (image, matrix), False
        else:
            self.more = True

    def _fills(self, corners: list[tuple[float, float]], *, exactly: bool = False) -> bool:
        """Whether a rectangle with these corners holds the page, and no more than it where that is asked."""
        left, low, right, top = self.box
        slack = FILLS * min(right - left, top - low)
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        over = (left - min(xs), max(xs) - right, low - min(ys), max(ys) - top)
        return slack > 0 and min(over) >= -slack and (not exactly or max(over) <= slack)


def _corners(rectangle: list[float], matrix: pikepdf.Matrix) -> list[tuple[float, float]]:
    x, y, width, height = rectangle
    points = ((x, y), (x + width, y), (x, y + height), (x + width, y + height))
    return [matrix.transform(point) for point in points]


def _is_optional(operator: str, operands: Any) -> bool:
    """Content that a viewer may leave out."""
    return operator == "BDC" and str(operands[0]) == "/OC"


def _is_opaque(state: Any) -> bool:
    return all(key in _STATE_KEYS or (key in _OPAQUE and str(value) in _OPAQUE[key]) for key, value in state.items())
