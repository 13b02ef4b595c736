"""The deployment files fit the site: they parse, and every name in them exists."""

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from tests.postgres import settings_variables

ROOT = Path(__file__).resolve().parent.parent
UNITS = sorted((ROOT / "deploy").glob("*.service"))
# Variables that other programs in the composition read: libpq, PostgreSQL's image, Caddy.
FOREIGN = {"PGPASSWORD"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return parsed


def test_compose_has_the_services(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"database", "web", "worker", "caddy", "ollama"}
    assert services["ollama"]["profiles"] == ["ollama"]
    assert all(
        not service.get("profiles") for name, service in services.items() if name != "ollama"
    )
    assert services["web"]["depends_on"]["database"]["condition"] == "service_healthy"
    for name in ("worker", "caddy"):
        assert services[name]["depends_on"]["web"]["condition"] == "service_healthy"


def test_compose_declares_every_volume_it_mounts(compose: dict[str, Any]) -> None:
    mounts = [m for service in compose["services"].values() for m in service.get("volumes", ())]
    sources = {mount.split(":")[0] for mount in mounts}
    assert {source for source in sources if not source.startswith(".")} == set(compose["volumes"])
    assert all((ROOT / source).exists() for source in sources if source.startswith("."))


def test_compose_sets_only_what_the_site_reads(compose: dict[str, Any]) -> None:
    for name in ("web", "worker"):
        assert set(compose["services"][name]["environment"]) <= settings_variables() | FOREIGN


def test_compose_takes_its_secrets_from_the_environment(compose: dict[str, Any]) -> None:
    environment = compose["services"]["web"]["environment"]
    for name in ("SECRET_KEY", "FIELD_KEY", "RECEIPT_KEY", "PGPASSWORD", "SITE_URL"):
        assert re.match(r"\$\{[A-Z_]+:\?", environment[name]), f"{name} must be required"


@pytest.mark.parametrize(
    "variable", sorted(set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text())))
)
def test_compose_variables_are_documented(variable: str) -> None:
    assert f"`{variable}`" in (ROOT / "docs" / "configuration.md").read_text()


def test_commands_exist(compose: dict[str, Any]) -> None:
    image = (ROOT / "Dockerfile").read_text()
    last = [json.loads(words) for words in re.findall(r"^CMD (\[.*\])$", image, re.M)]
    composed = [compose["services"][name]["command"] for name in ("web", "worker")]
    assert last == composed[:1]
    units = [unit_command(unit) for unit in UNITS]
    assert len(units) == 2
    commands = [(words[0].rpartition("/")[2], *words[1:]) for words in [*last, *composed, *units]]
    assert {words[:2] for words in commands} == {("python", "manage.py")}
    assert {words[2] for words in commands} == {"serve", "worker"}
    assert {"serve", "worker", "prepare", "demo"} <= set(get_commands())


def unit_command(unit: Path) -> list[str]:
    """Return the words of a systemd unit's ExecStart."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser["Service"]["ExecStart"].split()


def test_image_copies_what_exists_and_ignores_the_rest() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    kept = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert all((ROOT / name).exists() for name in kept)
    assert not any("var" in name or "env" in name for name in kept)


def test_image_runs_as_nobody_special_with_a_health_check() -> None:
    image = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER (?!root)\w+$", image, re.M)
    assert re.search(r"^HEALTHCHECK .*?\n.*'/readyz'", image, re.M)
    told = set(re.findall(r"([A-Z_]+)=", "".join(re.findall(r"^ENV HOST.*$", image, re.M))))
    assert told <= settings_variables()


def test_proxies_hold_no_stream_back_and_let_no_address_be_forged() -> None:
    nginx = (ROOT / "deploy" / "nginx.conf").read_text()
    assert "proxy_buffering off;" in nginx
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in nginx
    assert "flush_interval -1" in (ROOT / "Caddyfile").read_text()
