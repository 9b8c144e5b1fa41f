"""The newest revision is read from file names, so that a start need not load Alembic; Alembic must agree."""

import subprocess
import sys
from pathlib import Path

import alembic.config
import alembic.script

from gateway.storage import schema

MIGRATIONS = Path(schema.__file__).with_name("migrations")


def test_the_newest_file_is_the_head_that_alembic_finds() -> None:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = alembic.script.ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == schema.newest()


def test_opening_a_store_that_is_up_to_date_loads_neither_alembic_nor_the_driver_of_postgresql(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'rows.db'}"
    schema.upgrade(url)
    program = f"""
import sys
from gateway.storage.database import open_database
open_database({url!r}, blobs=__import__("pathlib").Path({str(tmp_path)!r}))
sys.exit(" ".join(sorted({{"alembic", "psycopg"}} & sys.modules.keys())) or 0)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
