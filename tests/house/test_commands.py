"""The commands that people type: all there, and `make run` free of the test stacks."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house import rules

STABLE = ("setup", "run", "test", "check", "bench", "faults", "screenshots")
INSTALL = rules.ROOT / "packaging" / "install-system-packages"
FIND_PYTHON = rules.ROOT / "packaging" / "find-python"


def answer(*command: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], cwd=rules.ROOT, env=env, capture_output=True, text=True)


@pytest.fixture
def small_path(tmp_path: Path) -> Path:
    """A folder with the few programs that the scripts need: neither sudo nor apt-get is among them."""
    for name in ("bash", "sed", "sort", "tr", "grep", "id", "dirname"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    return tmp_path


def put_program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{script}\n")
    path.chmod(0o755)


def test_help_lists_every_stable_command() -> None:
    told = answer("make", "help")
    assert told.returncode == 0, told.stderr
    listed = {words[1]: words[2] for words in (line.split(maxsplit=2) for line in told.stdout.splitlines() if line)}
    assert set(STABLE) <= set(listed)
    assert all(listed[name] for name in STABLE)


def test_run_needs_no_test_stack() -> None:
    planned = answer("make", "--dry-run", "--always-make", "run")
    assert planned.returncode == 0, planned.stderr
    assert "requirements/product.txt" in planned.stdout
    assert "lienthong demo" in planned.stdout
    for stack in ("dev.txt", "-test", "-bench", "pytest"):
        assert stack not in planned.stdout


def test_continuous_integration_types_make_test_and_nothing_else() -> None:
    script = (rules.ROOT / ".ci" / "run").read_text()
    assert "export CI=true" in script
    assert script.rstrip().endswith("exec make test")


def test_a_missing_package_that_may_not_be_installed_is_named_with_the_line_to_type(small_path: Path) -> None:
    listing = small_path / "list.txt"
    listing.write_text("libone0  # why\nlibtwo0\nlibthree0\n")
    put_program(small_path, "id", "echo 1000")
    put_program(
        small_path, "dpkg-query", "echo 'installed libtwo0t64 libtwo0 (= 1.0), other'; echo 'installed libthree0 '"
    )
    told = answer(INSTALL, listing, env={"PATH": str(small_path)})
    assert told.returncode == 0
    assert "sudo apt-get install -y libone0\n" in told.stderr
    assert "libtwo0" not in told.stderr
    assert answer(INSTALL, "--missing", listing, env={"PATH": str(small_path)}).stdout == "libone0\n"


def test_root_installs_what_is_missing(small_path: Path) -> None:
    listing = small_path / "list.txt"
    listing.write_text("libone0\n")
    put_program(small_path, "id", "echo 0")
    put_program(small_path, "dpkg-query", "echo 'installed bash '")
    put_program(small_path, "apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {small_path}/calls')
    (small_path / "env").symlink_to("/usr/bin/env")
    told = answer(INSTALL, listing, env={"PATH": str(small_path)})
    assert told.returncode == 0, told.stderr
    update, install = (small_path / "calls").read_text().splitlines()
    assert update.endswith("update")
    assert update.startswith("noninteractive")
    assert install.endswith("install -y --no-install-recommends libone0")


def test_nothing_missing_asks_for_nothing(small_path: Path) -> None:
    listing = small_path / "list.txt"
    listing.write_text("# only a comment\nlibone0\n")
    put_program(small_path, "dpkg-query", "echo 'installed libone0 '")
    told = answer(INSTALL, listing, env={"PATH": str(small_path)})
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_an_old_python_is_passed_over(small_path: Path) -> None:
    put_program(small_path, "python3", "exit 1")
    put_program(small_path, "python3.12", "exit 0")
    told = answer(FIND_PYTHON, env={"PATH": str(small_path)})
    assert told.stdout == f"{small_path}/python3.12\n"


def test_no_python_at_all_names_the_line_to_type(small_path: Path) -> None:
    told = answer(FIND_PYTHON, env={"PATH": str(small_path)})
    assert told.returncode == 1
    assert "apt-get install -y python3 python3-venv" in told.stderr


def test_a_debian_without_python3_venv_gets_it_first(small_path: Path) -> None:
    """There `python3 -m venv` leaves a half-made folder behind and fails."""
    put_program(
        small_path, "python3", f'[ "$1" = -c ] && exit 0; mkdir "$3"; [ -e {small_path}/allowed ] && touch "$3/whole"'
    )
    put_program(small_path, "id", "echo 0")
    put_program(small_path, "dpkg-query", "echo 'installed bash '")
    put_program(small_path, "apt-get", f'[[ "$*" == *python3-venv* ]] && touch {small_path}/allowed; exit 0')
    for name in ("env", "rm", "mkdir", "touch"):
        found = shutil.which(name)
        assert found is not None
        (small_path / name).symlink_to(found)
    made = small_path / "venv"
    told = answer(rules.ROOT / "packaging" / "make-venv", made, env={"PATH": str(small_path)})
    assert told.returncode == 0, told.stderr
    assert (made / "whole").exists()
