"""Where a command finds its settings."""

import os
from pathlib import Path
from typing import Annotated, Final

import cyclopts

from gateway import config as settings_file
from gateway.config import Settings

VARIABLE: Final = "LIENTHONG_CONFIG"
DEFAULT_FILE: Final = Path("var/lienthong.toml")
Config = Annotated[
    Path | None,
    cyclopts.Parameter(
        name="--config",
        help=f"TOML file with the settings; without it ${VARIABLE}, then {DEFAULT_FILE}, then the built-in defaults.",
    ),
]


def load_settings(config: Path | None) -> Settings:
    """The settings of ``--config``, else of ``$LIENTHONG_CONFIG``, else of ``var/lienthong.toml`` where there is one.

    Raises BadConfiguration, naming the wrong setting.
    """
    told = os.environ.get(VARIABLE)
    file = config or (Path(told) if told else DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    return settings_file.load(file, {name: value for name, value in os.environ.items() if name != VARIABLE})
