"""A finished document that came from another machine, judged anew in a worker child before anybody sees it.

What a district station says of its own files is not believed: the bytes go through the same judge that approved them
there. A sealed file is asked for its seal first, by the configured roots; the judge then gets what was sealed.
"""

import asyncio
from pathlib import Path

from scanning import verify
from scanning.protocol import Json
from scanning.records import seal_to_json


def answer(job: Json) -> Json:
    """Do the worker's job :data:`scanning.protocol.JUDGE`.

    Raises:
        BadFile: NOT_CONFORMANT, with what is wrong with the file or its seal.
        OSError: the file cannot be read, or there is no room for a copy of what was sealed.
    """
    path, flavour = Path(job["path"]), str(job["flavour"])
    if not job["sealed"]:
        verify.judge(path, flavour=flavour)
        return {"seal": None}
    # here and not above: pyHanko costs a worker half a second and 40 MB, and most workers never see a seal
    from scanning.certificates import certificates
    from scanning.seal_check import verify_sealed

    seal = asyncio.run(verify_sealed(path, certificates(Path(job["roots"]))))
    approved = path.with_suffix(".approved")
    try:
        with path.open("rb") as whole:
            approved.write_bytes(whole.read(seal.approved_bytes))
        verify.judge(approved, flavour=flavour)
    finally:
        approved.unlink(missing_ok=True)
    return {"seal": seal_to_json(seal.note)}
