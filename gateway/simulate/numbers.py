"""Numbers that cannot be, numbers used twice, news of nobody's item (D-20, D-22, D-23, D-29, D-40)."""

from typing import Final

from gateway.simulate.pair import Pair
from gateway.simulate.plot import Plot
from schemas.numbers import s10
from schemas.shipment import NumberScheme


def wrong_number(plot: Plot) -> None:
    """A clerk types one digit of the label wrong; the scan shows it, and the number is put right days later."""
    at = plot.begin()
    right = s10.mint("EE", plot.world.next_serial())
    place = 2 + plot.rng.randrange(8)
    digit = str((int(right[place]) + plot.rng.randrange(1, 9)) % 10)
    typed = right[:place] + digit + right[place + 1 :]
    if s10.is_valid(typed):
        typed = right[:10] + str((int(right[10]) + 1) % 10) + right[11:]
    folder, (parcel,) = plot.inbound(at, item={"number": typed})
    folder.finish(parcel.travel(at))
    plot.faulty(at, f"{typed} was typed for {right}")


def odd_but_valid(plot: Plot) -> None:
    """Numbers that look wrong and are not: a service nobody uses yet, a carrier's own numbering, an early serial."""
    at = plot.begin()
    kinds = (
        (s10.mint("AA", plot.world.next_serial()), NumberScheme.S10, "an unassigned service indicator warns only"),
        (f"PKE{plot.world.next_serial()}", NumberScheme.CARRIER, "the carrier's own numbering has no check digit"),
        (s10.mint("EE", 100 + plot.world.next_serial() % 9_000), NumberScheme.S10, "an early serial is a serial"),
    )
    number, scheme, why = kinds[plot.n % len(kinds)]
    folder, (parcel,) = plot.inbound(at, item={"number": number, "number_scheme": scheme})
    folder.finish(parcel.travel(at))
    plot.innocent(at, why)


PAIRS: Final[dict[str, Pair]] = {"D-20": Pair(wrong_number, odd_but_valid)}
