"""Network classes on systems labelled blind: drawn at random, labelled and committed before any result was seen.

Odd positions were revealed and their misses mended (mostly by overrides); even positions were kept, and no system among
them may ever be mended because of its label. A later review of the largest systems and of a random draw, made from
their names alone with these labels unseen, gave some of the kept half overrides too: what the kept half says of the
classes since then holds for systems about as large as these, not for those that no review has reached.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from busybody.places import networks

LABELS = json.loads((Path(__file__).parent / "blind_asns.json").read_text("utf-8"))["asns"]
REVEALED, KEPT = LABELS[::2], LABELS[1::2]  # counted from 1: odd and even positions
SERVERS = ("hosting", "vpn")
PEOPLE = ("residential", "mobile")
WANTED = 0.9  # of the hosting networks; the kept half does not reach it
KEPT_FLOOR = 0.6  # measured 29 of 48, before the mending and after it; 39 of 48 since the review by size
KEPT_OVERRIDES = 25  # from reviews that had not seen the labels


def share_taken_for_servers(rows, labels):
    found = [networks.classify(row["asn"], row["name"]) in SERVERS for row in rows if row["class"] in labels]
    return sum(found) / len(found)


@pytest.mark.parametrize(("half", "rows"), [("revealed", REVEALED), ("kept", KEPT)])
def test_people_and_organisations_are_not_taken_for_hosting(half, rows, capsys):
    people, offices = share_taken_for_servers(rows, PEOPLE), share_taken_for_servers(rows, ("organisation",))
    with capsys.disabled():
        sys.stderr.write(
            f"\nblind, {half}: {len(rows)} systems, hosting found {share_taken_for_servers(rows, SERVERS):.3f}, "
            f"taken for hosting: residential and mobile {people:.3f}, organisations {offices:.3f}"
        )
        for label in sorted({row["class"] for row in rows}):
            found = Counter(networks.classify(row["asn"], row["name"]) for row in rows if row["class"] == label)
            sys.stderr.write(f"\n  {label}: {dict(found)}")
    assert people <= 0.02
    assert offices <= 0.02


def test_hosting_that_was_revealed_is_found():
    assert share_taken_for_servers(REVEALED, SERVERS) >= WANTED


def test_hosting_that_nobody_looked_at_is_found_no_worse_than_measured():
    assert share_taken_for_servers(KEPT, SERVERS) >= KEPT_FLOOR


@pytest.mark.xfail(strict=True, reason="small hosters with names that say nothing get no class: see docs/geography.md")
def test_hosting_that_nobody_looked_at_is_found_as_often_as_wanted():
    assert share_taken_for_servers(KEPT, SERVERS) >= WANTED


def test_the_kept_half_is_not_mended_by_number():
    overrides = networks.rules().overrides
    assert sum(row["asn"] in overrides for row in KEPT) == KEPT_OVERRIDES


def test_the_labels_carry_the_names_of_the_table():
    from busybody.places.locator import table

    assert all(table().organisation(row["asn"]) == row["name"] for row in LABELS)
    assert len({row["asn"] for row in LABELS}) == len(LABELS)
