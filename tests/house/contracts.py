"""Contract types for import-linter that find the peers by themselves.

The built-in types want module names; ours take the shape of the tree, so that dropping a new folder into
`adapters/` puts it under every contract and nobody edits a list. `pyproject.toml` registers them.
"""

from __future__ import annotations

import re
from typing import TypedDict, cast

import grimp
from importlinter import Contract, ContractCheck, fields, output


class Link(TypedDict):
    """One forbidden import chain, importer first."""

    why: str
    chain: tuple[str, ...]


def peers_of(graph: grimp.ImportGraph, parent: str, not_peers: list[str]) -> list[str]:
    """Every child of `parent` that is a peer: found in the graph, never listed by hand."""
    if parent not in graph.modules:
        return []
    apart = {f"{parent}.{name}" for name in not_peers}
    return sorted(child for child in graph.find_children(parent) if child not in apart)


def chains(graph: grimp.ImportGraph, importer: str, imported: str) -> list[tuple[str, ...]]:
    """Shortest import chains from one package to another, the packages' contents included."""
    if importer not in graph.modules or imported not in graph.modules:
        return []
    return sorted(graph.find_shortest_chains(importer=importer, imported=imported, as_packages=True))


def names(field: object) -> list[str]:
    """The value of a list field: import-linter puts plain strings where the class declares the field."""
    return [str(value) for value in cast("list[str]", field)]


class Reported(Contract):
    """A contract whose breaks are import chains with a sentence each."""

    def result(self, broken: list[Link]) -> ContractCheck:
        """Kept when nothing is broken."""
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each broken chain under its reason."""
        for link in check.metadata["broken"]:
            output.print_error(f"{link['why']}: {' -> '.join(link['chain'])}", bold=False)


class Peers(Reported):
    """No peer imports another peer, even indirectly; the blind modules import no peer at all."""

    type_name = "peers"
    parent = fields.StringField()
    not_peers = fields.ListField(subfield=fields.StringField())
    blind = fields.ListField(subfield=fields.StringField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every ordered pair of peers, and from every blind module to every peer."""
        parent = str(self.parent)
        peers = peers_of(graph, parent, names(self.not_peers))
        blind = [f"{parent}.{name}" for name in names(self.blind)]
        broken: list[Link] = []
        for importer in [*peers, *blind]:
            why = f"{importer} must not know a peer" if importer in blind else f"{importer} knows another peer"
            for imported in peers:
                if imported == importer:
                    continue
                broken += [Link(why=why, chain=chain) for chain in chains(graph, importer, imported)]
        return self.result(broken)


class Sandboxes(Reported):
    """The sandbox of each peer imports none of the named modules of that peer, even indirectly."""

    type_name = "sandboxes"
    parent = fields.StringField()
    sandbox = fields.StringField()
    kept_apart = fields.ListField(subfield=fields.StringField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every child of the parent that has a sandbox."""
        broken: list[Link] = []
        for peer in peers_of(graph, str(self.parent), []):
            sandbox = f"{peer}.{self.sandbox}"
            for name in names(self.kept_apart):
                broken += [
                    Link(why=f"{sandbox} leans on our own {name}", chain=chain)
                    for chain in chains(graph, sandbox, f"{peer}.{name}")
                ]
        return self.result(broken)


class Homes(Reported):
    """Each library (or inner module) is imported directly only from its homes.

    One line for each: `library: home, home`. A home covers all modules below it; `*` stands for one name.
    """

    type_name = "homes"
    homes = fields.ListField(subfield=fields.StringField())

    def check(self, graph: grimp.ImportGraph, verbose: bool) -> ContractCheck:
        """Look at the direct importers of each protected module that is in the graph."""
        broken: list[Link] = []
        for line in names(self.homes):
            protected, allowed = parse_home(line)
            for module in sorted(graph.modules):
                if module != protected and not module.startswith(f"{protected}."):
                    continue
                for importer in sorted(graph.find_modules_that_directly_import(module)):
                    if not allowed.fullmatch(importer):
                        broken.append(Link(why=f"{protected} has its home elsewhere", chain=(importer, module)))
        return self.result(broken)


def parse_home(line: str) -> tuple[str, re.Pattern[str]]:
    """Split `library: home, home` into the library and a pattern of the modules that may import it.

    Raises:
        ValueError: the line names no library or no home.
    """
    protected, _, rest = line.partition(":")
    homes = [home.strip() for home in rest.split(",") if home.strip()]
    if not protected.strip() or not homes:
        raise ValueError(f"A home reads 'library: home, home', not {line!r}.")
    patterns = [re.escape(home).replace(r"\*", r"[^.]+") for home in [protected.strip(), *homes]]
    return protected.strip(), re.compile(rf"(?:{'|'.join(patterns)})(?:\..+)?")
