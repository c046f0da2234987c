"""Settings: typed, from environment and `.env`, one clear line per fault, each documented."""

import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from forum.config import ROOT, BadSettings, Settings, load_settings, setting_names

Load = Callable[..., Settings]
DOCUMENT = ROOT / "docs" / "settings.md"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Read settings from nothing but the arguments: names without prefix, and the lines of a `.env`."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)

    def read(dotenv: str = "", **environment: str) -> Settings:
        file = tmp_path / ".env"
        file.write_text(dotenv)
        for name in re.findall(r"^(NETWORK_\w+)=", dotenv, re.MULTILINE):
            monkeypatch.setenv(name, "")  # what the file sets is taken back afterwards
            monkeypatch.delenv(name)
        monkeypatch.setenv("NETWORK_INSTANCE", str(tmp_path / "instance"))
        for name, value in environment.items():
            monkeypatch.setenv(f"NETWORK_{name}", value)
        return load_settings(file)

    return read


def documented() -> dict[str, list[str]]:
    """The rows of the tables: name → kind and default, meaning, example."""
    rows = re.findall(r"^\| `(NETWORK_\w+)` \|(.+)\|$", DOCUMENT.read_text(), re.MULTILINE)
    assert len(rows) == len({name for name, _cells in rows}), "a setting stands there twice"
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert set(documented()) == set(setting_names())


def test_every_setting_has_kind_meaning_and_example() -> None:
    lacking = [name for name, cells in documented().items() if len(cells) != 3 or not all(cells)]
    assert lacking == []
    vague = [name for name, (_kind, meaning, _example) in documented().items() if len(meaning.split()) < 3]
    assert vague == []


def test_the_documented_defaults_are_the_real_ones(load: Load) -> None:
    settings = load()
    wrong = {}
    for name, (kind, _meaning, _example) in documented().items():
        default = kind.rpartition(";")[2].strip()
        real = getattr(settings, name.removeprefix("NETWORK_").lower())
        if name in {"NETWORK_INSTANCE", "NETWORK_DATABASE_URL", "NETWORK_SECRET_KEY"}:
            continue  # they follow from the place of the instance
        said = "leer" if real in ("", ()) else f"`{str(real).lower() if isinstance(real, bool) else real}`"
        if said != default:
            wrong[name] = (said, default)
    assert wrong == {}


def test_the_documented_examples_are_taken(load: Load) -> None:
    examples = {name.removeprefix("NETWORK_"): cells[2].strip("`") for name, cells in documented().items()}
    examples.pop("INSTANCE")
    settings = load(**examples)
    assert settings.is_https
    assert settings.two_factor_roles == ("moderator", "staff", "administrator")
    assert settings.demo is True


def test_nothing_needs_to_be_set(load: Load, tmp_path: Path) -> None:
    settings = load()
    assert settings.database_url == f"sqlite:///{tmp_path / 'instance' / 'network.sqlite'}"
    assert settings.public_url == "http://127.0.0.1:8000"
    assert not settings.is_https
    assert not settings.demo


def test_settings_are_read_from_the_file_and_the_environment_comes_first(load: Load) -> None:
    dotenv = 'NETWORK_SESSION_DAYS=7\nNETWORK_OPERATOR_NAME="IG Metall Ostbrandenburg"\nNETWORK_INVITATION_DAYS=3\n'
    settings = load(dotenv, INVITATION_DAYS="5")
    assert (settings.session_days, settings.invitation_days) == (7, 5)
    assert settings.operator_name == "IG Metall Ostbrandenburg"


def test_an_address_loses_its_last_slash(load: Load) -> None:
    assert load(PUBLIC_URL="https://netzwerk.example/").public_url == "https://netzwerk.example"


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("DATABASE_URL", "mysql://db/netzwerk", "postgresql+psycopg://db/netzwerk"),
        ("DATABASE_URL", "postgresql://db/netzwerk", "sqlite:///netz.sqlite"),
        ("PUBLIC_URL", "netzwerk.example", "https://netzwerk.example"),
        ("PUBLIC_URL", "ftp://netzwerk.example", "http://netzwerk.example:8000"),
        ("PUBLIC_URL", "https://netzwerk.example/?a=1", "https://netzwerk.example/forum"),
        ("REDIS_URL", "http://redis", "redis://redis:6379/1"),
        ("REDIS_URL", "redis", "rediss://redis"),
        ("REDIS_URL", "/run/redis.sock", "unix:///run/redis.sock"),
        ("SERVER_THREADS", "3", "4"),
        ("SERVER_THREADS", "viele", "4000"),
        ("SOCKET_LIMIT", "-1", "0"),
        ("SOCKET_LIMIT", "20001", "20000"),
        ("TRUSTED_PROXIES", "-1", "0"),
        ("TRUSTED_PROXIES", "6", "5"),
        ("SESSION_DAYS", "0", "1"),
        ("SESSION_DAYS", "366", "365"),
        ("INVITATION_DAYS", "91", "90"),
        ("TWO_FACTOR_ROLES", "member,king", "member,staff"),
        ("SMTP_PORT", "65536", "65535"),
        ("SMTP_PORT", "0", "1"),
        ("SMTP_SECURITY", "ssl", "tls"),
        ("MAIL_FROM", "niemand", "netzwerk@example.org"),
        ("MAIL_FROM", "a b@example.org", "a@example.org"),
        ("RATE_LIMITS", "vielleicht", "false"),
        ("DEMO", "2", "1"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_a_good_one_taken(
    load: Load, name: str, bad: str, good: str
) -> None:
    with pytest.raises(BadSettings) as fault:
        load(**{name: bad})
    lines = str(fault.value).splitlines()
    assert len(lines) == 1
    assert re.match(rf"NETWORK_{name}: \S", lines[0])
    load(**{name: good})


def test_several_faults_are_told_at_once_one_line_each(load: Load) -> None:
    with pytest.raises(BadSettings) as fault:
        load(SESSION_DAYS="x", SMTP_PORT="0", DATABASE_URL="mysql://db", PUBLIC_URL="nowhere")
    lines = str(fault.value).splitlines()
    names = {line.partition(":")[0] for line in lines}
    assert names == {
        f"NETWORK_{name}" for name in ("SESSION_DAYS", "SMTP_PORT", "DATABASE_URL", "PUBLIC_URL")
    }
    assert len(lines) == 4


def test_a_fault_tells_no_secret(load: Load) -> None:
    with pytest.raises(BadSettings) as fault:
        load(
            DATABASE_URL="mysql://netzwerk:streng-geheim@db/netzwerk",
            SMTP_PASSWORD="auch-geheim",
            SMTP_PORT="x",
        )
    assert "geheim" not in str(fault.value)


def test_bad_settings_end_the_program_with_their_message(load: Load) -> None:
    """A SystemExit with a text: the operator sees the lines and no traceback, and the exit status is 1."""
    with pytest.raises(SystemExit) as fault:
        load(DEMO="x")
    assert isinstance(fault.value.code, str)


def test_the_secret_is_made_once_and_only_its_owner_reads_it(load: Load, tmp_path: Path) -> None:
    first = load().secret_key
    file = tmp_path / "instance" / "secret_key"
    assert len(first) >= 60
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert load().secret_key == first == file.read_text()


def test_a_secret_that_is_set_is_used_and_none_is_made(load: Load, tmp_path: Path) -> None:
    assert load(SECRET_KEY="from the environment").secret_key == "from the environment"
    assert not (tmp_path / "instance" / "secret_key").exists()


def test_two_houses_have_two_secrets(load: Load, tmp_path: Path) -> None:
    assert load().secret_key != load(INSTANCE=str(tmp_path / "other")).secret_key


def test_the_instance_decides_where_the_database_lies(load: Load, tmp_path: Path) -> None:
    settings = load(INSTANCE=str(tmp_path / "other"))
    assert settings.database_url == f"sqlite:///{tmp_path / 'other' / 'network.sqlite'}"


def test_processes_that_begin_at_the_same_moment_have_the_same_secret(load: Load) -> None:
    with ThreadPoolExecutor(8) as many:
        made = {settings.secret_key for settings in many.map(lambda _turn: load(), range(8))}
    assert len(made) == 1
    assert made != {""}
