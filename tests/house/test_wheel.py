"""The wheel: our five names and nothing else, with every data file, and owned by our distribution when installed."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house import rules

pytestmark = pytest.mark.slow

ASK = """
import importlib.metadata, importlib.util, json, sys
owners = importlib.metadata.packages_distributions()
print(json.dumps({name: [owners.get(name), importlib.util.find_spec(name).origin] for name in sys.argv[1:]}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=rules.ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_our_packages_with_all_their_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(rules.PACKAGES)
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--", *rules.PACKAGES], cwd=rules.ROOT, check=True, capture_output=True, text=True
    )
    present = {name for name in tracked.stdout.split("\0") if name and (rules.ROOT / name).exists()}
    assert len(present) > 50
    assert present - names == set()


def test_installed_from_the_wheel_the_names_belong_to_our_distribution(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    asked = [str(python), "-P", "-c", ASK, *rules.PACKAGES]
    told = json.loads(subprocess.run(asked, cwd=rules.ROOT, check=True, capture_output=True, text=True).stdout)
    for name in rules.PACKAGES:
        owners, origin = told[name]
        assert owners == ["lienthong"]
        assert Path(origin).is_relative_to(home)
