"""The user's MMDB files: what they know wins, what they do not know stays, what is broken is named."""

import sys
from pathlib import Path

import pytest
from busybody.errors import InputError, MissingExtra
from busybody.places import NOWHERE, Locator
from busybody.places.mmdb import Database, _city
from busybody.policy import Policy

DATA = Path(__file__).parents[2] / "data" / "maxmind"
pytest.importorskip("maxminddb")


def located(ip, **files):
    policy = Policy.from_mapping({"geo": {name: str(DATA / file) for name, file in files.items()}}, source="test")
    return Locator(policy).locate(ip)


@pytest.mark.parametrize("file", ["GeoIP2-City-Test.mmdb", "GeoLite2-City-Test.mmdb"])
def test_city_files_of_maxmind_give_place_and_radius(file):
    place = located("2.125.160.216", city_mmdb=file)
    assert place[:6] == ("GB", "England", "Boxford", 51.75, -1.25, 100)
    assert located("2001:218::1", city_mmdb=file).country == "JP"
    assert located("[::ffff:2.125.160.216]:443", city_mmdb=file) == place


def test_what_the_file_does_not_know_stays():
    assert located("8.8.8.8", city_mmdb="GeoIP2-City-Test.mmdb") == Locator().locate("8.8.8.8")
    assert located("nonsense", city_mmdb="GeoIP2-City-Test.mmdb") == NOWHERE


@pytest.mark.parametrize("file", ["GeoLite2-ASN-Test.mmdb", "GeoIP2-ISP-Test.mmdb"])
def test_asn_files_give_number_name_and_class(file):
    place = located("1.128.0.1", asn_mmdb=file)
    assert (place.asn, place.as_org, place.network, place.accuracy_km) == (1221, "Telstra Pty Ltd", "residential", 40)


@pytest.mark.parametrize(
    ("ip", "file", "network"),
    [
        ("1.2.0.1", "GeoIP2-Anonymous-IP-Test.mmdb", "vpn"),
        ("65.0.0.1", "GeoIP2-Anonymous-IP-Test.mmdb", "tor"),
        ("71.160.223.1", "GeoIP2-Anonymous-IP-Test.mmdb", "hosting"),
        ("1.2.0.0", "GeoIP-Anonymous-Plus-Test.mmdb", "vpn"),
        ("1.2.0.4", "GeoIP-Residential-Proxy-Test.mmdb", "vpn"),
    ],
)
def test_anonymous_files_give_the_class(ip, file, network):
    place = located(ip, anonymous_mmdb=file)
    assert (place.network, place.accuracy_km) == (network, 500 if place.lat is not None else None)


def test_a_small_radius_means_little_where_the_network_hides_the_user():
    files = {"city_mmdb": "GeoIP2-City-Test.mmdb", "anonymous_mmdb": "GeoIP2-Anonymous-IP-Test.mmdb"}
    assert located("81.2.69.142", **files).network == "tor"
    assert located("81.2.69.142", **files).accuracy_km == 500
    assert located("81.2.69.142", city_mmdb="GeoIP2-City-Test.mmdb").accuracy_km == 10


@pytest.mark.parametrize(
    ("file", "ips"),
    [
        ("GeoIP2-City-Test-Invalid-Node-Count.mmdb", ["2.125.160.216"]),
        ("GeoIP2-City-Test-Broken-Double-Format.mmdb", ["2.125.160.216", "81.2.69.142", "67.43.156.1"]),
        ("MaxMind-DB-test-broken-pointers-24.mmdb", [f"1.1.1.{last}" for last in (1, 3, 8, 16, 32)]),
    ],
)
def test_a_broken_file_gives_one_error_that_names_file_and_fault(file, ips):
    with pytest.raises(InputError, match="the database is damaged: ") as caught:
        [located(ip, city_mmdb=file) for ip in ips]
    assert file in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_database_are_named(tmp_path):
    text = tmp_path / "city.mmdb"
    text.write_text("not a database", "utf-8")
    with pytest.raises(InputError, match=r"city\.mmdb: the database is damaged"):
        Database(str(text))
    with pytest.raises(InputError, match=r"none\.mmdb: the database cannot be opened: No such file"):
        Database(str(tmp_path / "none.mmdb"))


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    with pytest.raises(MissingExtra, match=r"busybody\[geo\]"):
        Database(str(DATA / "GeoIP2-City-Test.mmdb"))


def test_flat_records_are_read_like_nested_ones():
    flat = {"country_code": "AU", "state1": "Queensland", "city": "Brisbane", "latitude": -27.5, "longitude": 153.0}
    nested = {
        "country": {"iso_code": "AU"},
        "subdivisions": [{"names": {"en": "Queensland"}}],
        "city": {"names": {"en": "Brisbane"}},
        "location": {"latitude": -27.5, "longitude": 153.0},
    }
    assert _city(flat) == _city(nested) == ("AU", "Queensland", "Brisbane", -27.5, 153.0, None)
    assert _city({}) is None
    assert _city({"country": "AU", "subdivisions": [7], "location": []}) is None
