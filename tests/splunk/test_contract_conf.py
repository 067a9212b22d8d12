"""The app's .conf files agree with each other, with the code and with what Splunk and AppInspect do not look at."""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import List, Optional, Sequence, Set, Tuple

import conf_files
import pytest
from busybody_splunk import launch
from conf_files import is_true
from content import ADDON, ALERTS, DEFAULT, conf, options
from packaged import ROOT, tool

WRITERS = {"busyscore", "busytrain", "busyverdict", "busyforget"}  # the first with update=true, the others always
PYTHON = {"python.version": "python3", "python.required": "3.9,3.13"}
KEYS_OF_COMMANDS = {"chunked", "filename", "is_risky", "run_in_preview", *PYTHON}
CONFS = sorted(path.stem for path in DEFAULT.glob("*.conf"))


@pytest.mark.parametrize("name", CONFS)
def test_each_file_can_be_read_and_no_key_stands_twice(name: str) -> None:
    assert conf(name)


@pytest.mark.parametrize("name", CONFS)
def test_lines_end_as_unix_has_them(name: str) -> None:
    content = (DEFAULT / f"{name}.conf").read_bytes()
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert b"\t" not in content


def test_every_command_has_a_script_and_runs_by_chunks_on_both_pythons() -> None:
    assert set(conf("commands")) == set(launch.COMMANDS)
    for name, stanza in conf("commands").items():
        assert set(stanza) <= KEYS_OF_COMMANDS, name  # with chunked = true Splunk heeds no other
        assert stanza["chunked"] == "true"
        assert {key: stanza[key] for key in PYTHON} == PYTHON
        assert (ROOT / "bin" / stanza["filename"]).read_text(encoding="utf-8").count(f'launch.run("{name}")') == 1
        assert stanza["run_in_preview"] == "false"


def test_commands_that_write_are_risky_and_no_others() -> None:
    assert {name for name, stanza in conf("commands").items() if is_true(stanza["is_risky"])} == WRITERS


@pytest.mark.parametrize(
    ("args", "asked"),
    [
        ((), {"_time", "user", "src", "action", "busy_risk"}),
        (("fields=okta",), {"_time", "_raw"}),
        (("cursor=true",), {"_indextime"}),
    ],
)
def test_busyscore_asks_only_for_the_columns_that_it_reads_and_writes(args: Tuple[str, ...], asked: Set[str]) -> None:
    """It more than halves what splunkd sends."""
    columns = begun("busyscore", *args)
    assert columns is not None
    assert asked <= set(columns)
    assert len(columns) < 100
    assert "*" not in columns


def test_busytrain_asks_only_for_the_columns_that_it_reads() -> None:
    columns = begun("busytrain")
    assert columns is not None
    assert {"_time", "user", "src", "action"} <= set(columns)
    assert not [name for name in columns if name.startswith("busy_")]


def begun(command: str, *args: str) -> Optional[Sequence[str]]:
    """The required fields that a command answers to getinfo."""
    from busybody_splunk.protocol import Messages, Search

    module = import_module(f"busybody_splunk.commands.{launch.COMMANDS[command]}")
    columns: Optional[Sequence[str]] = module.command().begin(Search(args=args, command=command), Messages())
    return columns


def test_the_search_bar_knows_every_command_and_just_its_options() -> None:
    helps = conf("searchbnf")
    for name, declared in options().items():
        stanza = helps[f"{name}-command"]
        for key in ("syntax", "shortdesc", "description", "usage", "example1", "comment1"):
            assert stanza.get(key), f"{name}: {key}"
        assert stanza["usage"] == "public"
        told = stanza["syntax"] + " " + helps.get(f"{name}-option", {}).get("syntax", "")
        assert set(re.findall(r"(\w+)=", told)) == declared, name
    stanzas = {f"{name}-{part}" for name in options() for part in ("command", "option")}
    assert set(helps) <= stanzas


def test_alert_actions_have_script_form_icon_and_spec() -> None:
    spec = conf_files_of_spec("alert_actions")
    for name, stanza in conf("alert_actions").items():
        assert {key: stanza[key] for key in PYTHON} == PYTHON
        assert (ROOT / "bin" / f"{name}.py").is_file()
        assert (ADDON / "appserver" / "static" / stanza["icon_path"]).is_file()
        parameters = {key for key in stanza if key.startswith("param.")}
        assert parameters == {key for key in spec[name] if key.startswith("param.")}, name
        form = (ALERTS / f"{name}.html").read_text(encoding="utf-8")
        asked = set(re.findall(rf'name="action\.{name}\.(param\.\w+)"', form))
        assert asked <= parameters
        assert asked == {
            key.split(".", 2)[2] for key in conf_files_of_spec("savedsearches")[""] if key.startswith(f"action.{name}.")
        } - (parameters - asked)
        assert "<script" not in form.lower()
        assert json.loads(stanza["param._cam"])["supports_adhoc"] is True


def conf_files_of_spec(name: str) -> dict[str, set[str]]:
    """Stanza -> keys of a specification; keys before the first stanza stand under ''."""
    found: dict[str, set[str]] = {"": set()}
    current = found[""]
    for line in (ADDON / "README" / f"{name}.conf.spec").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), set())
        elif line and not line.startswith(("#", "*", " ")):
            key, sign, _ = line.partition("=")
            assert sign, f"{name}.conf.spec: {line!r}"
            current.add(key.strip())
    return found


def test_every_file_of_our_own_kind_has_a_specification_and_is_made_known() -> None:
    for name in ("busybody", "busybody_send"):
        assert is_true(conf("server")["shclustering"][f"conf_replication_include.{name}"])
        assert conf("app")["triggers"][f"reload.{name}"] == "simple"
    policy = conf("busybody")["policy:default"]
    assert set(policy) <= conf_files_of_spec("busybody")["policy:<name>"]
    assert set(conf("busybody")) == {"policy:default"}
    sending, spec = conf("busybody_send"), conf_files_of_spec("busybody_send")
    assert set(sending) == {"slack", "responder"}
    for stanza, settings in sending.items():
        assert set(settings) == spec[stanza]


def test_generated_files_are_current() -> None:
    assert [path.name for path in tool("generate").stale()] == []


def test_the_default_policy_is_the_cores_own() -> None:
    from busybody.policy import Policy
    from busybody.policy.conf import read

    text = (DEFAULT / "busybody.conf").read_text(encoding="utf-8")
    assert Policy.from_mapping(read(text)["default"].mapping) == Policy.default()


def test_every_restricted_right_is_one_that_the_app_defines() -> None:
    defined = {name[len("capability::") :] for name in conf("authorize") if name.startswith("capability::")}
    assert defined == {"busybody_write", "busybody_send"}
    given = {key for name, stanza in conf("authorize").items() if name.startswith("role_") for key in stanza}
    assert defined == given - {"importRoles", "srchIndexesAllowed"}
    handlers = {stanza["capability.post"] for stanza in conf("restmap").values()}
    assert handlers <= defined


def test_handlers_run_on_both_pythons_and_only_for_those_who_are_logged_in() -> None:
    for stanza in conf("restmap").values():
        assert {key: stanza[key] for key in PYTHON} == PYTHON
        assert is_true(stanza["requireAuthentication"])
        script, _, name = stanza["handler"].partition(".")
        assert stanza["script"] == f"{script}.py"
        assert f"class {name}(" in (ROOT / "bin" / stanza["script"]).read_text(encoding="utf-8")


def test_collections_stay_on_the_search_heads_and_have_a_lookup() -> None:
    lookups = {stanza["collection"]: stanza for stanza in conf("transforms").values() if "collection" in stanza}
    assert set(lookups) == set(conf("collections"))
    for name, stanza in conf("collections").items():
        assert stanza["replicate"] == "false"
        fields = {key[len("field.") :] for key in stanza if key.startswith("field.")}
        for key, value in stanza.items():
            if key.startswith("accelerated_fields."):
                assert set(json.loads(value)) <= fields, f"{name}: {key}"
        shown = {word.strip() for word in lookups[name]["fields_list"].split(",")}
        assert fields <= shown, name
        assert len([key for key in stanza if key.startswith("accelerated_fields.")]) <= 10


def test_lookup_files_exist_and_are_small_utf_8_tables() -> None:
    for name, stanza in conf("transforms").items():
        if "filename" in stanza:
            path = ADDON / "lookups" / stanza["filename"]
            text = path.read_text(encoding="utf-8")
            assert len({line.count(",") for line in text.splitlines()[:1]}) == 1, name
    for entry in tool("contents").entries():
        if entry.name.startswith("lookups/"):
            assert entry.name.endswith(".csv")
            assert len(entry.data) < 1 << 20, "every search bundle carries it"
            assert entry.data.decode("utf-8").splitlines()


def test_tags_are_of_event_types_that_exist() -> None:
    assert {name.partition("=")[2] for name in conf("tags")} <= set(conf("eventtypes"))


def test_field_lookups_name_existing_ones() -> None:
    for stanza in conf("props").values():
        for key, value in stanza.items():
            if key.startswith("LOOKUP-"):
                assert value.split()[0] in conf("transforms")


def test_scores_are_not_tagged_as_authentication() -> None:
    """They would come back as sign-ins."""
    assert [name for name, stanza in conf("tags").items() if "authentication" in stanza] == []
    assert "NOT sourcetype=busybody:*" in conf("macros")["busybody_signins"]["definition"]


def test_metadata_shares_what_other_apps_need_and_keeps_people_to_itself() -> None:
    meta = conf_files.read(ADDON / "metadata" / "default.meta")
    assert meta[""]["export"] == "none"
    for name in (
        "commands",
        "searchbnf",
        "alert_actions",
        "alerts",
        "macros",
        "props",
        "eventtypes",
        "tags",
    ):
        assert meta[name]["export"] == "system"
    for name in ("collections", "transforms", "lookups", "busybody_send"):
        assert "*" not in meta[name]["access"]
        assert "export" not in meta[name]
    shared = {name for name, stanza in meta.items() if "/" in name and stanza.get("export") == "system"}
    assert shared == {"lookups/busybody_detectors.csv", "lookups/busybody_land.csv", "transforms/busybody_detectors"}
    roles = {name[len("role_") :] for name in conf("authorize") if name.startswith("role_")}
    named = {
        role
        for stanza in meta.values()
        for role in re.findall(r"\w+", re.sub(r"\b(read|write)\b", "", stanza.get("access", "")))
    }
    assert named <= roles | {"sc_admin"}  # which Splunk Cloud has; a stanza of ours would create it elsewhere


def test_manifest_says_what_app_conf_says() -> None:
    manifest = json.loads((ROOT / "app.manifest").read_text(encoding="utf-8"))
    app = conf("app")
    assert manifest["schemaVersion"] == "2.0.0"
    assert manifest["info"]["id"]["name"] == app["package"]["id"] == app["id"]["name"] == "busybody"
    assert manifest["info"]["id"]["version"] == app["launcher"]["version"] == app["id"]["version"]
    assert manifest["info"]["title"] == app["ui"]["label"]
    assert manifest["info"]["description"] == app["launcher"]["description"]
    assert manifest["info"]["license"]["text"] == "LICENSE.txt"


def test_icons_have_their_sizes_and_are_the_scripts_own() -> None:
    icons = tool("icons")
    for name, width in icons.ICONS.items():
        content = (ADDON / name).read_bytes()
        assert content == icons.png(width), f"{name} is not current: run python3 tools/splunk/icons.py"
        assert content[16:24] == width.to_bytes(4, "big") * 2


def test_the_index_has_only_keys_that_cloud_allows() -> None:
    for name, stanza in conf("indexes").items():
        assert set(stanza) <= {"homePath", "coldPath", "thawedPath", "frozenTimePeriodInSecs"}
        assert stanza["homePath"] == f"$SPLUNK_DB/{name}/db"


def secrets_in(text: str) -> List[str]:
    """What looks like a secret that somebody forgot."""
    pattern = (
        r"hooks\.slack\.com/services/T\w+/\w+/\w+|xox[abeprs]-[\w-]{10,}|xapp-[\w-]{10,}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY"
        r"|(?im:^\s*(?:\w*password|\w*secret|\w*token|api_?key)\s*=\s*[^\s<\"'(\[{]\S{5,}$)"
    )
    return re.findall(pattern, text)


def test_secrets_are_recognised() -> None:
    for text in (
        "url = https://hooks.slack.com/services/T0AAAAAAA/B0AAAAAAA/abcdefghij",
        "param.token = " + "xox" + "b-123456789012-abcdefghijkl",
        "password = hunter22",
        "api_key=abcdef123456",
    ):
        assert secrets_in(text), text
    assert secrets_in("slack_token: stands in storage/passwords\nparam.token =\n") == []


def test_no_secret_is_in_the_app() -> None:
    found = []
    for entry in tool("contents").entries():
        if not entry.name.endswith((".bin", ".png", ".py")):
            found += [(entry.name, secret) for secret in secrets_in(entry.data.decode("utf-8"))]
        elif entry.name.endswith(".py"):
            text = re.sub(r"(?m)^\s*\w+ = .*$", "", entry.data.decode("utf-8"))  # assignments of code are not of conf
            found += [(entry.name, secret) for secret in secrets_in(text)]
    assert found == []
