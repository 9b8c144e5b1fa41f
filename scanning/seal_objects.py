"""What a seal may add to a file, object by object. An allow-list: whatever is not named here is a fault.

Validators of signatures look at what came after a signature, and validators of PDF/A at the file as it stands; neither
compares the sealed file with the one that was approved. This does: the catalogue and page one are the old ones but for
named entries, each added object hangs from them, and in none of them is an action, a script or a font that is not
embedded (ISO 19005-2, 6.2.11.4, 6.3, 6.4.3, 6.5). Read from the file itself, whoever wrote it.
"""

import io
from collections.abc import Iterator

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

PRINT = 4
_UNSEEN = 1 | 2 | 32 | 256
"""Annotation flags Invisible, Hidden, NoView and ToggleNoView (ISO 19005-2, 6.3.2)."""
_CATALOGUE = {"/AcroForm", "/Extensions", "/DSS"}
_FORM = {"/Fields", "/SigFlags"}
_WIDGET = {"/FT", "/T", "/TU", "/Type", "/Subtype", "/F", "/Rect", "/P", "/V", "/AP"}
_SIGNATURE = {"/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M", "/Name"}
_APPEARANCE = {"/Type", "/Subtype", "/BBox", "/Matrix", "/Resources", "/Length", "/Filter"}
_FONT = {"/Type", "/Subtype", "/BaseFont", "/Encoding", "/DescendantFonts", "/ToUnicode"}
_DESCENDANT = {"/Type", "/Subtype", "/BaseFont", "/CIDSystemInfo", "/CIDToGIDMap", "/FontDescriptor", "/W"}
_DESCRIPTOR = {
    *("/Type", "/FontName", "/Flags", "/FontBBox", "/ItalicAngle", "/Ascent", "/Descent", "/CapHeight", "/StemV"),
    "/FontFile2",
}
_STORE = {"/Type", "/Certs", "/OCSPs", "/CRLs"}
_PLAIN_STREAM = {"/Length", "/Length1", "/Filter", "/Type"}
_EXTENSION = {"/ESIC", "/BaseVersion", "/ExtensionLevel", "/Type"}
_DEEPEST = 50
"""Levels of the page tree; ours has two."""

Ref = tuple[int, int]
"""Number and generation of an object."""


class _Fault(Exception):
    """An object that a seal may not add; the text tells which."""


def faults(reader: PdfFileReader) -> Iterator[str]:
    """What the updates after the first revision add that they may not; nothing when the file is in order."""
    try:
        _Walk(reader).check()
    except _Fault as fault:
        yield str(fault)
    except (PdfError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        yield f"the seal's objects cannot be read: {type(error).__name__} {error}"


class _Walk:
    """One pass over what was added; remembers what it reached."""

    def __init__(self, reader: PdfFileReader) -> None:
        self._reader = reader
        self._before = reader.get_historical_resolver(0)
        self._seen: set[Ref] = set()

    def check(self) -> None:
        root, old_root = self._reader.root, self._before.root
        self._same(old_root, root, _CATALOGUE, "catalogue")
        self._seen.add(_ref(self._reader.root_ref))
        self._only(self._get(root, "/Extensions"), _EXTENSION, "extensions")
        form = self._get(root, "/AcroForm")
        self._only(form, _FORM, "form")
        fields = self._listed(form, "/Fields")
        self._first_page(fields)
        for field in fields:
            self._field(self._follow(field))
        if "/DSS" in root:
            self._store(self._get(root, "/DSS"))
        revisions = range(1, self._reader.xrefs.total_revisions)
        added = {_ref(one) for at in revisions for one in self._reader.xrefs.explicit_refs_in_revision(at)}
        astray = sorted(added - self._seen)
        if astray:
            raise _Fault(f"object {astray[0][0]} was added and belongs to no seal")

    def _first_page(self, fields: list[generic.PdfObject]) -> None:
        """Page one as it was before; only annotations may be new on it, and only seals."""
        ref = first_page(self._reader.root)
        page = self._reader.get_object(ref)
        old = self._before.get_object(generic.Reference(ref.idnum, ref.generation, self._before))
        self._same(old, page, {"/Annots"}, "page one")
        self._seen.add(_ref(ref))
        before = [_ref(one) for one in old["/Annots"]] if "/Annots" in old else []
        now = [_ref(one) for one in self._listed(page, "/Annots")]
        if now[: len(before)] != before or not set(now[len(before) :]) <= {_ref(one) for one in fields}:
            raise _Fault("page one got an annotation that is no seal")

    def _field(self, widget: generic.DictionaryObject) -> None:
        self._only(widget, _WIDGET, "seal's field")
        if widget["/FT"] != "/Sig" or widget["/Subtype"] != "/Widget":
            raise _Fault("a field is no signature")
        flags = int(widget["/F"])
        if not flags & PRINT or flags & _UNSEEN:
            raise _Fault(f"the seal's flags are {flags}")
        left, bottom, right, top = (float(edge) for edge in widget["/Rect"])
        if "/AP" in widget:
            self._appearance(self._get(widget, "/AP"))
        elif (left, bottom) != (right, top):
            raise _Fault("a visible seal has no appearance")
        signature = self._get(widget, "/V")
        self._only(signature, _SIGNATURE, "signature")

    def _appearance(self, choices: generic.DictionaryObject) -> None:
        self._only(choices, {"/N"}, "appearance")
        form = self._get(choices, "/N")
        if not isinstance(form, generic.StreamObject):
            raise _Fault("the appearance has states")
        self._only(form, _APPEARANCE, "appearance")
        resources = self._get(form, "/Resources")
        self._only(resources, {"/Font"}, "appearance's resources")
        fonts = self._get(resources, "/Font")
        for name in fonts:
            self._font(self._get(fonts, name))

    def _font(self, font: generic.DictionaryObject) -> None:
        self._only(font, _FONT, "font")
        if "/ToUnicode" not in font:
            raise _Fault("a font does not tell its letters")
        self._plain(self._get(font, "/ToUnicode"), "font's letters")
        (below,) = (self._follow(one) for one in self._listed(font, "/DescendantFonts"))
        self._only(below, _DESCENDANT, "font")
        descriptor = self._get(below, "/FontDescriptor")
        self._only(descriptor, _DESCRIPTOR, "font")
        if "/FontFile2" not in descriptor:
            raise _Fault("a font is not embedded")
        self._plain(self._get(descriptor, "/FontFile2"), "font program")

    def _store(self, store: generic.DictionaryObject) -> None:
        """The document security store: certificates and what tells whether they are revoked, nothing else."""
        self._only(store, _STORE, "security store")
        for kind in ("/Certs", "/OCSPs", "/CRLs"):
            for one in self._listed(store, kind) if kind in store else ():
                self._plain(self._follow(one), "security store")

    def _listed(self, holder: generic.DictionaryObject, key: str) -> list[generic.PdfObject]:
        """The items of an array, references not followed."""
        return list(list.__iter__(self._follow(holder.raw_get(key))))

    def _plain(self, stream: generic.PdfObject, what: str) -> None:
        if not isinstance(stream, generic.StreamObject):
            raise _Fault(f"the {what} is no stream")
        self._only(stream, _PLAIN_STREAM, what)

    def _same(self, old: generic.DictionaryObject, new: generic.DictionaryObject, may: set[str], what: str) -> None:
        """Every entry is as it was, to the byte, but for the named ones."""
        for key in sorted({*old, *new} - may):
            if key not in old or key not in new:
                raise _Fault(f"{key} of the {what} came or went")
            if _written(old.raw_get(key)) != _written(new.raw_get(key)):
                raise _Fault(f"{key} of the {what} was changed")

    def _only(self, found: generic.DictionaryObject, may: set[str], what: str) -> None:
        more = sorted(set(found) - may)
        if more:
            raise _Fault(f"the {what} has {more[0]}")

    def _get(self, holder: generic.DictionaryObject, key: str) -> generic.DictionaryObject:
        return self._follow(holder.raw_get(key))

    def _follow(self, found: generic.PdfObject) -> generic.DictionaryObject:
        if isinstance(found, generic.IndirectObject):
            self._seen.add(_ref(found))
            return found.get_object()
        return found


def first_page(root: generic.DictionaryObject) -> generic.Reference:
    """Reference of page one: down the first kids of the page tree."""
    ref = root.raw_get("/Pages")
    for _ in range(_DEEPEST):
        node = ref.get_object()
        if "/Kids" not in node:
            return ref.reference
        ref = next(list.__iter__(node["/Kids"]))
    raise ValueError("the page tree has no first page")


def _ref(found: generic.PdfObject) -> Ref:
    if not isinstance(found, generic.IndirectObject | generic.Reference):
        raise _Fault("something that must be an object of its own is not")
    return found.idnum, found.generation


def _written(found: generic.PdfObject) -> bytes:
    out = io.BytesIO()
    found.write_to_stream(out, None)
    return out.getvalue()
