"""Network classes on systems labelled blind: drawn at random, labelled and committed before any result was seen.

`blind_asns.json`: odd positions were revealed and their misses mended (mostly by overrides); even positions were kept,
and no system among them may ever be mended because of its label. Reviews made from names alone with the labels unseen
gave some of the kept half overrides too.

`fresh_asns.json`: 800 systems drawn (seed 20261123) before the last review, withheld from it, and labelled by knowledge
of what each company does after overrides, patterns and likely systems were frozen, "unknown" where the labeller could
not tell. It has the figure for systems that no review mended; nothing may be changed for the sake of its labels.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from busybody.places import networks

LABELS, FRESH = (
    json.loads((Path(__file__).parent / f"{name}_asns.json").read_text("utf-8"))["asns"] for name in ("blind", "fresh")
)
REVEALED, KEPT = LABELS[::2], LABELS[1::2]  # counted from 1: odd and even positions
SERVERS = ("hosting", "vpn")
PEOPLE = ("residential", "mobile")
WANTED = 0.9  # of the hosting networks; only the revealed half reaches it
KEPT_FLOOR = 0.8  # measured 29 of 48 at first, 40 of 48 since the reviews by name
FRESH_FLOOR = 0.8  # measured 47 of 57; 95 % interval 0.71 to 0.90
FRESH_REST_FLOOR = 0.77  # measured 36 of 45 among those that have no override; 0.66 to 0.89
KEPT_OVERRIDES = 25  # from reviews that had not seen the labels


def share_taken_for_servers(rows, labels):
    found = [networks.classify(row["asn"], row["name"]) in SERVERS for row in rows if row["class"] in labels]
    return sum(found) / len(found)


@pytest.mark.parametrize(("half", "rows"), [("revealed", REVEALED), ("kept", KEPT), ("fresh", FRESH)])
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


def test_hosting_withheld_from_the_review_is_found_no_worse_than_measured():
    overrides = networks.rules().overrides
    assert share_taken_for_servers(FRESH, SERVERS) >= FRESH_FLOOR
    assert share_taken_for_servers([row for row in FRESH if row["asn"] not in overrides], SERVERS) >= FRESH_REST_FLOOR


@pytest.mark.xfail(strict=True, reason="some small hosters with names that say nothing get no class: docs/geography.md")
def test_hosting_withheld_from_the_review_is_found_as_often_as_wanted():
    assert share_taken_for_servers(FRESH, SERVERS) >= WANTED


def test_the_kept_half_is_not_mended_by_number():
    overrides = networks.rules().overrides
    assert sum(row["asn"] in overrides for row in KEPT) == KEPT_OVERRIDES


def test_the_lists_have_no_system_in_common():
    assert not {row["asn"] for row in FRESH} & {row["asn"] for row in LABELS}


def test_the_labels_carry_the_names_of_the_table():
    from busybody.places.locator import table

    for rows in (LABELS, FRESH):
        assert all(table().organisation(row["asn"]) == row["name"] for row in rows)
        assert len({row["asn"] for row in rows}) == len(rows)
