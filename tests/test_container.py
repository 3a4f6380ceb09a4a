"""Dockerfile and compose.yaml name only what exists, and the package holds everything it needs when it runs."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from service.openapi import specimen
from service.settings import Settings
from tests.command_lines import check
from tests.tree import PACKAGES, ROOT, in_the_tree

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
VARIABLES = {f"TAKEHOLD_{name.upper()}{file}" for name in Settings.model_fields for file in ("", "_FILE")}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and their arguments, continued lines joined, comments left out."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def of(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    return found[max(i for i, (word, _) in enumerate(found) if word == "FROM") :]


def copied() -> list[str]:
    """What is copied from the checkout into the image."""
    return [source for rest in of("COPY") if not rest.startswith("--from") for source in rest.split()[:-1]]


def command_of(words: list[str]) -> None:
    """Raises where the image has no such command."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert words[0] in scripts
    check(words[1:])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What is in the package when it is built from nothing but what the Dockerfile copies."""
    folder = tmp_path_factory.mktemp("build")
    for path in in_the_tree(*copied()):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", build, str(folder / "dist")], cwd=folder, capture_output=True, check=True, timeout=60
    )
    with zipfile.ZipFile(next((folder / "dist").glob("*.whl"))) as made:
        return set(made.namelist())


def test_what_is_copied_exists_and_is_sent_to_the_builder():
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in sent
    for source in copied():
        assert (ROOT / source).exists(), source
        assert f"!{source}" in sent, source
    assert {line.removeprefix("!") for line in sent if line.startswith("!")} == set(copied())


def test_what_is_copied_from_the_first_stage_is_what_it_made():
    stages = re.findall(r"AS (\w+)", "\n".join(of("FROM")))
    for rest in of("COPY"):
        if stage := re.match(r"--from=(\w+) (\S+)", rest):
            assert stage[1] in stages
            assert any(f"-m venv {stage[2]}" in run for run in of("RUN"))


def test_dependencies_are_installed_from_the_lock_alone():
    installs = [run for run in of("RUN") if "pip install" in run]
    assert [("--require-hashes" in run, "--no-deps" in run) for run in installs] == [(True, False), (False, True)]
    assert "-r requirements.txt" in installs[0]
    assert "--no-build-isolation" in installs[1]


def test_the_image_is_of_a_python_that_the_package_supports():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    images = {rest.split()[0] for rest in of("FROM")}
    assert images == {f"python:{wanted.removeprefix('>=')}-slim"}


def test_the_process_is_not_root_and_owns_its_volumes():
    user = [rest for word, rest in last_stage() if word == "USER"][-1]
    number = user.partition(":")[0]
    assert number.isdigit()
    assert int(number) >= 1000
    making = next(rest for word, rest in last_stage() if word == "RUN")
    assert f"--uid {number}" in making
    volumes = {folder for rest in of("VOLUME") for folder in json.loads(rest)}
    volumes |= {volume.split(":")[1] for service in OURS.values() for volume in service["volumes"]}
    assert volumes == {"/data", "/keys"}
    for folder in volumes:
        assert re.search(rf"install .*--owner=takehold.* {folder}\b", making)
    assert all("user" not in service for service in OURS.values())


def test_the_store_is_on_the_volume_when_nothing_is_set():
    folder = [rest for word, rest in last_stage() if word == "WORKDIR"][-1]
    default = Settings.model_fields["database_url"].default
    assert folder in json.loads(of("VOLUME")[0])
    assert re.fullmatch(r"sqlite:///[^/]+", default)
    assert "TAKEHOLD_DATABASE_URL" not in " ".join(of("ENV"))


def test_the_image_runs_a_command_that_exists():
    command_of(json.loads(of("CMD")[-1]))


def test_the_health_check_is_python_and_asks_a_route_on_the_port_that_is_served():
    words = json.loads(of("HEALTHCHECK")[-1].partition("CMD ")[2])
    assert words[:2] == ["python", "-c"]
    compile(words[2], "HEALTHCHECK", "exec")
    path = re.search(r"'GET', '([^']+)'", words[2])
    port = re.search(r"'127\.0\.0\.1', (\d+)", words[2])
    assert path
    assert port
    assert of("EXPOSE") == [port[1]]
    with specimen() as app:
        assert app.test_client().get(path[1]).status_code == 200


def test_every_variable_of_ours_is_a_setting():
    names = set(re.findall(r"TAKEHOLD_[A-Z_]+", (ROOT / "Dockerfile").read_text(encoding="utf-8")))
    names |= set(re.findall(r"TAKEHOLD_[A-Z_]+", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    assert names
    assert names - VARIABLES == set()


@pytest.mark.parametrize("name", OURS)
def test_each_service_of_ours_runs_a_command_that_exists(name):
    command_of(OURS[name]["command"])


def test_the_commands_that_compose_tells_to_run_exist():
    told = re.findall(r"^#.*docker compose run --rm (\w+) (takehold \w+)", (ROOT / "compose.yaml").read_text(), re.M)
    assert told
    for service, command in told:
        assert service in OURS
        command_of(shlex.split(command))


def test_web_and_worker_share_both_stores_and_keep_keys_apart_from_data():
    for service in OURS.values():
        stores = service["environment"]
        Settings(database_url=stores["TAKEHOLD_DATABASE_URL"], keys_url=stores["TAKEHOLD_KEYS_URL"])
        assert stores == OURS["web"]["environment"]
        assert "@database/" in stores["TAKEHOLD_DATABASE_URL"]
        assert stores["TAKEHOLD_KEYS_URL"].startswith("sqlite:////keys/")
        assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    data = {volume.split(":")[0] for volume in COMPOSE["services"]["database"]["volumes"]}
    keys = {volume.split(":")[0] for service in OURS.values() for volume in service["volumes"]}
    assert data.isdisjoint(keys)
    assert data | keys == COMPOSE["volumes"].keys()


def test_a_stop_waits_for_a_send_to_end():
    for service in OURS.values():
        assert int(service["stop_grace_period"].removesuffix("s")) > 20


def test_only_the_web_is_asked_for_its_health():
    assert "healthcheck" not in OURS["web"]
    assert OURS["worker"]["healthcheck"] == {"disable": True}
    assert COMPOSE["services"]["database"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_no_secret_stands_in_the_files():
    for name in ("Dockerfile", "compose.yaml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.findall(r"(?im)^.*\w*(?:password|secret|token)\w*[:=] ?(?!\$\{)\w.*$", text) == []


def test_the_database_is_reached_by_the_names_it_was_made_with():
    made = COMPOSE["services"]["database"]["environment"]
    url = OURS["web"]["environment"]["TAKEHOLD_DATABASE_URL"]
    assert url.startswith(f"postgresql://{made['POSTGRES_USER']}:{made['POSTGRES_PASSWORD']}@")
    assert url.endswith(f"/{made['POSTGRES_DB']}")


def test_the_package_holds_every_file_of_the_tree_and_nothing_else(wheel):
    needed = {str(path.relative_to(ROOT)) for path in in_the_tree(*PACKAGES)}
    assert {Path(name).suffix for name in needed} >= {".py", ".html", ".css", ".js", ".mako"}
    assert {name for name in wheel if not name.startswith("takehold-")} == needed


@pytest.mark.parametrize("words", ["nonsense", "serve --nonsense", "key nonsense", "worker surplus", "--nonsense"])
def test_a_command_line_that_cannot_run_is_noticed(words):
    with pytest.raises(click.UsageError):
        check(words.split())
