"""The app's files that follow from the core: the default policy, its specification and the lookup of detectors.

Usage: PYTHONPATH=core python3 tools/splunk/generate.py [--check]

--check writes nothing and ends with exit code 1 when a file is not what it would write.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import textwrap
from pathlib import Path
from typing import Dict, Iterator, List

import detections
from busybody.detectors.catalogue import CATALOGUE, STATED
from busybody.policy.json_text import flow
from busybody.policy.render import compact, starter
from busybody.policy.schema import Key, schema

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "addon" / "splunk_app"
SEARCHES = ROOT / "default" / "savedsearches.conf"
DETECTIONS = "by tools/splunk/generate.py, from here to the end.\n"
WIDEST = 100
GENERATED = "# Generated from the core by tools/splunk/generate.py. Your own settings go into local/busybody.conf.\n\n"
SPEC = """\
# busybody.conf: the policy of Busybody. What stands here is generated from the schema of the core.
#
# Set only what you change, in local/busybody.conf or by REST (configs/conf-busybody). `| busypolicy` says what a policy comes to and
# names the key of each mistake.

[policy:<name>]
* A policy. Every command takes policy=<name>; without it, [policy:default] holds.
* Settings in [default] hold for every policy.
* Lists and maps are JSON. A long one goes over several lines, each but the last with a backslash at its end.
* Every key may be left out.

"""


SENDING = """
# Where the alert actions send to. Secrets stand in storage/passwords, realm busybody: slack_token or slack_webhook, responder_key, proxy.

[slack]
# The channel where an alert names none, such as #security.
channel =
# The channels that alerts may choose from, separated by commas. Empty: any that the bot is in.
channels =
# Slack's API, where it is not https://slack.com/api.
api =
# host:port of a proxy, and a file of certificates for one that opens TLS.
proxy =
ca_file =

[responder]
# https://… of the responder that asks people.
url =
proxy =
ca_file =
"""
SENDING_SPEC = """
[slack]
* Where the alert action busybody_slack posts to. The secret stands in storage/passwords, realm busybody, name slack_token (of a bot) or
  slack_webhook.

channel = <text>
* The channel where an alert names none, such as #security.
* Default: empty

channels = <comma-separated list>
* The channels that alerts may choose from. Empty: any that the bot is in.
* Default: empty

api = <URL>
* Slack's API, where it is not that of slack.com. Only https.
* Default: empty

proxy = <host:port>
* A proxy on the way, without its password; that stands in storage/passwords, name proxy.
* Default: empty

ca_file = <path>
* Certificates to trust, for a proxy that opens TLS.
* Default: empty

[responder]
* Where the alert action busybody_ask sends to. The key stands in storage/passwords, realm busybody, name responder_key.

url = <URL>
* The responder. Only https.
* Default: empty

proxy = <host:port>
* As in [slack].
* Default: empty

ca_file = <path>
* As in [slack].
* Default: empty
"""


def default_policy() -> str:
    return GENERATED + starter("conf") + SENDING


def specification() -> str:
    """README/busybody.conf.spec: each key with what it takes, means, its unit and its default."""
    rules = schema()
    keys = [key for key in rules.keys if key.key != "name"]
    return SPEC + "\n".join(_specified(key) for key in [*keys, *rules.source_keys]) + SENDING_SPEC


def _specified(key: Key) -> str:
    lines = [f"{key.key} = <{key.type_words}>", *_bullet(key.about)]
    if key.unit:
        lines += _bullet(f"Unit: {key.unit}.")
    lines += _bullet(f"Default: {flow(compact(key.default))}")
    return "\n".join(lines) + "\n"


def _bullet(text: str) -> List[str]:
    return textwrap.wrap(
        text,
        WIDEST,
        initial_indent="* ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def catalogue() -> str:
    """The lookup: one row per detector; several techniques are separated by a space."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["detector", "title", "kind", "weight", "techniques", "description"])
    for row in (*CATALOGUE, *STATED):
        writer.writerow([row.name, row.title, row.kind, row.weight, " ".join(row.techniques), row.description])
    return text.getvalue()


def saved_searches() -> str:
    """The file with its last part, the detections, written anew."""
    own, mark, _ = SEARCHES.read_text(encoding="utf-8").partition(DETECTIONS)
    return own + mark + "\n" + "\n".join(detections.stanzas())


def files() -> Dict[Path, str]:
    """What this script writes."""
    return {
        ROOT / "default" / "busybody.conf": default_policy(),
        ADDON / "README" / "busybody.conf.spec": specification(),
        ADDON / "lookups" / "busybody_detectors.csv": catalogue(),
        SEARCHES: saved_searches(),
    }


def stale() -> Iterator[Path]:
    for path, text in files().items():
        if not path.exists() or path.read_bytes() != text.encode("utf-8"):
            yield path


def main() -> int:
    parser = argparse.ArgumentParser(description="Write what follows from the core.")
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        old = list(stale())
        for path in old:
            print(f"{path.relative_to(ROOT)} is not current. Run PYTHONPATH=core python3 tools/splunk/generate.py.")
        return 1 if old else 0
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
