"""``python -m benchmarks [--only NAME] [--quick] [--out FILE]``: measure, print, write ``benchmarks/latest.json``.

Exit codes: 0 measured (an aim that was missed is printed, not punished); 1 a rule finds nothing or cries at everything;
2 bad usage; 3 something that is needed to measure is missing, and it is named.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks import (
    acks,
    against_ocrmypdf,
    barcodes,
    events,
    figures,
    ocr,
    polling,
    proof,
    reconcile,
    refold,
    scanning,
    sealing,
    sends,
    skew,
    soap,
    startup,
)
from benchmarks.figures import Extent, Figure
from gateway import log
from gateway.clock import SystemClock

MODULES: Final[dict[str, Callable[[Extent], list[Figure]]]] = {
    "startup": startup.measure,
    "acks": acks.measure,
    "sends": sends.measure,
    "soap": soap.measure,
    "polling": polling.measure,
    "events": events.measure,
    "refold": refold.measure,
    "proof": proof.measure,
    "reconcile": reconcile.measure,
    "scanning": scanning.measure,
    "skew": skew.measure,
    "barcodes": barcodes.measure,
    "ocr": ocr.measure,
    "ocrmypdf": against_ocrmypdf.measure,
    "sealing": sealing.measure,
}


def main() -> int:
    """Measure what was asked for. Log lines are made as in service, and go nowhere."""
    told = _arguments()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        log.configure("info", nowhere)
        return _run(told.only or list(MODULES), Extent(quick=told.quick), told.out)


def _run(names: Sequence[str], extent: Extent, out: Path) -> int:
    found: list[Figure] = []
    missing = failed = False
    print(f"Machine: {', '.join(f'{name} {value}' for name, value in figures.machine().items())}")
    if extent.quick:
        print("--quick: one short round of each; the figures mean nothing.")
    for name in names:
        began = time.monotonic()
        print(f"\n{name}", flush=True)
        try:
            measured = MODULES[name](extent)
        except FileNotFoundError as error:
            print(f"  not measured: {error}", file=sys.stderr)
            missing = True
            continue
        except proof.RuleProvesNothing as error:
            print(f"  failed: {error}", file=sys.stderr)
            failed, measured = True, error.figures
        for figure in measured:
            print(figure.line())
        print(f"  [{time.monotonic() - began:.0f} s]", flush=True)
        found += measured
    figures.write(found, extent, SystemClock().now(), out)
    missed = [figure.name for figure in found if figure.aim and not figure.aim.reached(figure.median)]
    print(f"\n{len(found)} figures in {out}" + (f"; aims missed: {', '.join(missed)}" if missed else ""))
    return 1 if failed else 3 if missing else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=list(MODULES), help="measure only this; may be repeated")
    parser.add_argument("--quick", action="store_true", help="one short round of each: shows that it runs")
    parser.add_argument("--out", type=Path, default=figures.LATEST, help="where the figures go, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
