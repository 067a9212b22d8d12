"""`busybody geo` looks addresses up and says in what."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from .conftest import Busybody


def test_addresses_as_logs_have_them(busybody: Busybody) -> None:
    ran = busybody("geo", "lookup", "8.8.8.8:53", "[2001:4860:4860::8888]", "10.0.0.1", "--output", "json")
    google, six, private = ran.rows
    assert ran.code == 0
    assert (google["address"], google["country"], google["asn"], google["network"]) == (
        "8.8.8.8",
        "US",
        15169,
        "hosting",
    )
    assert six["asn"] == 15169
    assert (private["network"], private["country"]) == ("private", None)


def test_table_and_csv_say_the_same(busybody: Busybody) -> None:
    table = busybody("geo", "lookup", "8.8.8.8").out.splitlines()
    assert table[0].split() == ["ADDRESS", "COUNTRY", "PLACE", "CLASS", "OPERATOR"]
    assert "Google LLC (AS15169)" in table[1]
    row = next(csv.DictReader(io.StringIO(busybody("geo", "lookup", "8.8.8.8", "--output", "csv").out)))
    assert (row["address"], row["asn"], row["as_org"]) == ("8.8.8.8", "15169", "Google LLC")


def test_standard_input_and_what_is_no_address(busybody: Busybody) -> None:
    ran = busybody("geo", "lookup", "-", "--output", "json", given=b"8.8.8.8\n\nno\x1b[2Jaddress\n1.1.1.1\n")
    assert ran.code == 1
    assert [row["address"] for row in ran.rows] == ["8.8.8.8", "1.1.1.1"]
    assert "is no address." in ran.err
    assert "\x1b" not in ran.err


def test_the_policy_knows_better(busybody: Busybody, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(json.dumps({"networks": {"vpn": ["8.8.8.0/24"]}}), encoding="utf-8")
    assert (
        busybody("geo", "lookup", "8.8.8.8", "--policy", "policy.json", "--output", "json").rows[0]["network"] == "vpn"
    )


def test_info_names_age_and_owners(busybody: Busybody) -> None:
    known = json.loads(busybody("geo", "info", "--output", "json").out)
    assert known["date"].startswith("20")
    assert "DB-IP" in known["attribution"]
    assert known["ranges"]["IPv4 ranges with a place"] > 1_000_000
    text = busybody("geo", "info").out
    assert known["attribution"] in text
    assert f"table of {known['date']}, made from" in text


def test_wrong_words_are_refused(busybody: Busybody) -> None:
    assert busybody("geo").code == 2
    assert busybody("geo", "lookup").code == 2
    assert busybody("geo", "lookup", "8.8.8.8", "--policy", "nothing.json").code == 2
