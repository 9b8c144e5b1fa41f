"""Settings: the environment wins over the file, and whatever is wrong is named."""

from pathlib import Path

import pytest

from gateway import config
from schemas.errors import BadConfiguration

ROOT = Path(__file__).parents[4]


def written(folder: Path, text: str) -> Path:
    path = folder / "lienthong.toml"
    path.write_text(text, "utf-8")
    return path


def test_without_file_and_environment_every_default_stands(tmp_path: Path) -> None:
    settings = config.load(None, {})
    assert (settings.http.host, settings.http.port, settings.https) == ("127.0.0.1", 8080, False)
    assert settings.database_url == f"sqlite:///{Path('var/gateway.sqlite').absolute()}"
    assert settings.hot_folder == Path("var/hot")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[http]\nport = 81\nhost = '0.0.0.0'\n[retry]\nsteps_s = [1, 2]\n")
    settings = config.load(path, {"LIENTHONG_HTTP__PORT": "82", "UNRELATED": "x"})
    assert (settings.http.port, settings.http.host, settings.retry.steps_s) == (82, "0.0.0.0", (1.0, 2.0))


def test_the_process_environment_does_not_leak_into_given_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIENTHONG_HTTP__PORT", "99")
    assert config.load(None, {}).http.port == 8080
    assert config.load(None).http.port == 99


def test_settings_of_peers_come_through_as_they_are_and_a_switch_is_a_switch(tmp_path: Path) -> None:
    path = written(tmp_path, "[peers.loopback]\nenabled = true\nrate = 3\n")
    told = config.load(
        path, {"LIENTHONG_PEERS__DVCQG__ENABLED": "true", "LIENTHONG_PEERS__DVCQG__PASSWORD": "0123"}
    ).peers
    assert told == {"loopback": {"enabled": True, "rate": 3}, "dvcqg": {"enabled": True, "password": "0123"}}


@pytest.mark.parametrize(
    ("text", "env", "named"),
    [
        ("[http]\nport = 'abc'\n", {}, "http.port"),
        ("[http]\nprot = 1\n", {}, "http.prot"),
        ("nonsense = 1\n", {}, "nonsense"),
        ("[limits]\nbody_bytes = 0\n", {}, "limits.body_bytes"),
        ("[log]\nlevel = 'loud'\n", {}, "log.level"),
        ("[http\n", {}, "cannot be read"),
        ("", {"LIENTHONG_HTTP__PROT": "1"}, "LIENTHONG_HTTP__PROT"),
        ("", {"LIENTHONG_RETRY__STEPS_S": "soon"}, "retry"),
        ("[peers]\nloopback = 3\n", {}, "peers.loopback"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, env: dict[str, str], named: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        config.load(written(tmp_path, text), env)
    assert named in str(refused.value)


def test_a_wrong_value_is_not_repeated_as_it_may_be_a_secret(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration) as refused:
        config.load(written(tmp_path, "[limits]\nbody_bytes = 'my-secret-token'\n"), {})
    assert "my-secret-token" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"nowhere\.toml"):
        config.load(tmp_path / "nowhere.toml", {})


def test_the_page_about_settings_is_up_to_date() -> None:
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == config.describe()
