"""Which targets atheris hunts, and where it begins."""

from schemas.ids import PeerId
from tests.contract.adapters.recordings import goods, indexed
from tests.fuzz.targets import KIT, Target, seeds, stages


def names() -> list[str]:
    """Every target: the parsers, and ``peer <name>`` for all replies of a peer."""
    return [*KIT, *(f"peer {peer}" for peer in indexed())]


def target_of(name: str) -> tuple[Target, list[bytes]]:
    """The function and its first inputs. Of a peer's input the first byte chooses the reply."""
    if name in KIT:
        return KIT[name], seeds()
    peer = PeerId(name.removeprefix("peer "))
    made = stages(peer)

    def play(raw: bytes) -> None:
        if raw:
            made[raw[0] % len(made)].play(raw[1:])

    return play, [bytes([n % 256]) + good.body for n, good in enumerate(goods(peer))]
