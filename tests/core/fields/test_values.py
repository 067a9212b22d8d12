"""Values of every shape, and refusals that name what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from busybody.fields import values
from hypothesis import given
from hypothesis import strategies as st

BERLIN = (52.5, 13.4)


@pytest.mark.parametrize(
    "value",
    [
        {"lat": 52.5, "lon": 13.4},
        {"lat": "52.5", "lon": "13.4"},
        {"latitude": 52.5, "longitude": 13.4},
        {"type": "Point", "coordinates": [13.4, 52.5]},
        "52.5,13.4",
        " 52.5, 13.4 ",
        [13.4, 52.5],
        ["52.5,13.4"],
        [{"lat": 52.5, "lon": 13.4}],
        "POINT (13.4 52.5)",
        "point(13.4 52.5)",
        "SRID=4326;POINT(13.4 52.5)",
    ],
)
def test_every_shape_of_a_place(value: Any) -> None:
    assert values.location(value) == BERLIN


def test_geohash_is_the_middle_of_its_cell() -> None:
    lat, lon = values.location("u4pruydqqvj")  # type: ignore[misc]
    assert (lat, lon) == (pytest.approx(57.64911, abs=1e-4), pytest.approx(10.40744, abs=1e-4))


@pytest.mark.parametrize("value", [None, "", "-", {}, [], {"lat": None, "lon": 1.0}, {"lat": 0, "lon": 0}, "0,0"])
def test_no_place_is_none(value: Any) -> None:
    assert values.location(value) is None


@pytest.mark.parametrize(
    "value",
    [
        {"lat": 91.0, "lon": 0.0},
        {"lat": 1.0, "lon": 200.0},
        {"lat": float("nan"), "lon": 1.0},
        {"lat": "x", "lon": "1"},
        "somewhere, else",
        "1,2,3",
        [1],
        5,
        True,
        {"lat": True, "lon": 1},
    ],
)
def test_a_place_that_cannot_be_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is no"):
        values.location(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("DE", "DE"),
        ("de", "DE"),
        ("DEU", "DE"),
        ("Germany", "DE"),
        ("The Netherlands", "NL"),
        ("Netherlands (Kingdom of the)", None),
        ("Russian Federation", "RU"),
        ("Côte d’Ivoire", "CI"),
        ("Iran, Islamic Republic of", "IR"),
        ("Korea, Republic of", "KR"),
        ("United States of America", "US"),
        ("St. Lucia", "LC"),
        ("Bosnia & Herzegovina", "BA"),
        ("Türkiye", "TR"),
        ("Congo, The Democratic Republic of the", "CD"),
        ("Atlantis", None),
        ("", None),
        ("-", None),
        (["", "FR"], "FR"),
        (7, None),
    ],
)
def test_countries_by_code_and_name(value: Any, code: Any) -> None:
    assert values.country(value) == code


def test_no_name_means_two_countries() -> None:
    import json
    from pathlib import Path

    rows = json.loads((Path(values.__file__).parent / "countries.json").read_text(encoding="utf-8"))
    seen = {}
    for code, names in rows.items():
        for name in (code, *names):
            assert seen.setdefault(values._folded(name), code) == code, name
    assert len(rows) >= 249


@pytest.mark.parametrize(
    ("value", "number"),
    [(64500, 64500), ("64500", 64500), ("AS64500", 64500), ("as64500 Example Net", 64500), ("ASN64500", 64500)]
    + [(64500.0, 64500), (0, None), ("", None), (None, None), ("unknown", None), ([64500], 64500)],
)
def test_as_numbers(value: Any, number: Any) -> None:
    assert values.asn(value) == number


@pytest.mark.parametrize("value", [-5, 2**32, "Example Net", True, 1.5, float("nan"), float("inf"), {}])
def test_what_is_no_as_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is no AS number"):
        values.asn(value)


@given(st.text())
def test_text_can_always_be_stored(value: str) -> None:
    found = values.text(value)
    assert found is None or (found.strip() == found and len(found) <= values.LONGEST_TEXT)


def test_half_surrogates_and_nul_are_replaced() -> None:
    found = values.text("a\ud800b\0c")
    assert found is not None
    assert found.encode("utf-8").decode("utf-8") == found
    assert "\0" not in found


def test_a_user_is_refused_rather_than_cut() -> None:
    with pytest.raises(ValueError, match="longer than"):
        values.long_name("x" * 5000)


def test_words_of_vendors_are_translated_exact_ones_first() -> None:
    table = {"passed": ["ok*", "FACTOR_PASSED"], "denied": ["*deny*", "okay_not"], "none": ["*"]}
    translate = values.Vocabulary(table, ("passed", "denied", "none", "unknown"), values.MISSING)
    words = ["OK", "okay_not", "factor_passed", "x-deny-y", "else", "", None, "passed", ["", "ok"]]
    assert [translate(word) for word in words] == [
        "passed", "denied", "passed", "denied", "none", None, None, "passed", "passed",
    ]  # fmt: skip
