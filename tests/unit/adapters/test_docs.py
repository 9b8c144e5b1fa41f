"""docs/adapters.md says what is so."""

import re
import tomllib
from pathlib import Path

from adapters._kit.sandbox.chaos import VERBS
from adapters._kit.settings import COMMON
from adapters.manifest import read_manifest
from adapters.registry import manifests
from schemas.ids import PeerId

TEXT = (Path(__file__).parents[3] / "docs" / "adapters.md").read_text(encoding="utf-8")


def test_the_manifest_in_the_docs_is_a_good_one(tmp_path: Path) -> None:
    shown = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert shown is not None
    assert tomllib.loads(shown[1])["name"] == "some_post"
    (tmp_path / "some_post").mkdir()
    file = tmp_path / "some_post" / "manifest.toml"
    file.write_text(shown[1], encoding="utf-8")
    assert read_manifest(file).name == "some_post"


def test_the_table_of_peers_is_true() -> None:
    """A new folder need not stand in it (`lienthong peers list` shows it); what stands there must be so."""
    table = TEXT.partition("## 5. The peers")[2]
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", table, re.MULTILINE))
    found = manifests()
    assert rows
    for name, ports in rows.items():
        if not ports.startswith("all"):
            assert tuple(ports.strip().split(", ")) == found[PeerId(name)].capabilities, name


def test_every_verb_and_every_common_setting_is_explained() -> None:
    assert [verb for verb in VERBS if f"`{verb}`" not in TEXT] == []
    assert [spec.name for spec in COMMON if f"`{spec.name}`" not in TEXT] == []
