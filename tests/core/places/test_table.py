"""The packaged table says what its input said, marks private space, and is found out when it is damaged."""

import hashlib
import json
import zlib
from pathlib import Path

import pytest
from busybody.errors import InputError
from busybody.places import NOWHERE, Locator, address, distance_km, networks, table
from hypothesis import given
from hypothesis import strategies as st

HERE = Path(__file__).parent
SAMPLE = json.loads((HERE / "sample.json").read_text("utf-8"))
CELL_KM = 45  # the diagonal of a cell at the equator; an address is never further from the city that names its cell
IP = st.ip_addresses().map(lambda ip: address.parse(str(ip)))

# Addresses whose AS number is public knowledge: resolvers, root name servers, clouds, universities, ISPs.
WELL_KNOWN = {
    "8.8.8.8": 15169,
    "1.1.1.1": 13335,
    "9.9.9.9": 19281,
    "208.67.222.222": 36692,
    "4.2.2.2": 3356,
    "17.253.144.10": 714,
    "140.82.112.3": 36459,
    "151.101.1.69": 54113,
    "185.199.108.153": 54113,
    "13.107.42.14": 8068,
    "52.95.110.1": 16509,
    "193.0.6.139": 3333,
    "18.9.22.69": 3,
    "171.67.215.200": 32,
    "129.132.19.216": 559,
    "130.59.31.80": 559,
    "188.184.21.108": 513,
    "129.6.15.28": 49,
    "192.5.5.241": 3557,
    "193.0.14.129": 25152,
    "199.7.83.42": 20144,
    "202.12.27.33": 7500,
    "192.36.148.17": 29216,
    "78.46.1.1": 24940,
    "51.15.0.1": 12876,
    "91.189.91.157": 41231,
    "31.13.71.36": 32934,
    "142.250.74.46": 15169,
    "77.88.8.8": 13238,
    "223.5.5.5": 45102,
    "73.0.0.1": 7922,
    "86.128.0.1": 2856,
    "87.128.0.1": 3320,
    "90.0.0.1": 3215,
    "2001:4860:4860::8888": 15169,
    "2606:4700:4700::1111": 13335,
    "2620:fe::fe": 19281,
    "2001:500:2f::f": 3557,
    "2a01:4f8::1": 24940,
    "2001:67c:2e8:22::c100:68b": 3333,
    "2a03:2880:f12f:83:face:b00c:0:25de": 32934,
    "2001:7fd::1": 25152,
    "2001:dc3::35": 7500,
}


@pytest.fixture(scope="module")
def locate():
    return Locator().locate


def test_agrees_with_a_sample_of_its_input(locate):
    wrong = {4: [], 6: []}
    for row in SAMPLE:
        place = locate(row["ip"])
        country = None if address.is_private(row["ip"]) else row["country"]
        near = row["lat"] is None or place.lat is None or distance_km(*place[3:5], row["lat"], row["lon"]) <= CELL_KM
        if place.country != country or place.asn != row["asn"] or not near:
            wrong[6 if ":" in row["ip"] else 4].append((row, place))
    assert not wrong[4]
    # Of a /48 that the input tears into several places the largest part stands for all.
    torn = sum(":" in row["ip"] for row in SAMPLE) * 0.05
    assert len(wrong[6]) <= torn, wrong[6]


@pytest.mark.parametrize(("ip", "asn"), WELL_KNOWN.items())
def test_well_known_addresses_have_their_as_number(locate, ip, asn):
    assert locate(ip).asn == asn


@given(IP)
def test_the_table_and_the_address_module_agree_on_what_is_private(ip):
    place = Locator().locate(ip)
    assert (place.network == "private") is address.is_private(ip)
    if place.network == "private":
        assert place == NOWHERE._replace(network="private")


@given(IP)
def test_a_place_is_whole(ip):
    place = Locator().locate(ip)
    assert (place.lat is None) == (place.lon is None) == (place.country is None) == (place.accuracy_km is None)
    assert place.lat is None or (-90 <= place.lat <= 90 and -180 <= place.lon <= 180 and len(place.country) == 2)
    assert place.asn is not None or place.as_org is None


def test_dressed_addresses_are_understood_and_nonsense_is_nowhere(locate):
    assert locate("::ffff:8.8.8.8") == locate("[::ffff:8.8.8.8]:53") == locate("8.8.8.8:53") == locate("8.8.8.8")
    for text in ("", "-", "unknown", "300.1.1.1", "8.8.8", "8", ":", "2001:db8:::1", "8.8.8.8\0", "\ud800"):
        assert locate(text) == NOWHERE


def test_radius_follows_the_class(locate):
    assert locate("73.0.0.1").accuracy_km == 40
    assert locate("78.46.1.1").accuracy_km == 500


def test_classes_were_built_from_the_rules_as_they_are():
    head = Path(table.CLASSES_FILE).read_bytes()[: table.CLASSES_HEAD]
    rules = hashlib.sha256(Path(networks.FILE).read_bytes()).digest()
    assert head == rules, "networks.json has changed: run tools/geo/build_classes.py"


def test_fits_into_the_wheel():
    """At most 16 MB when the wheel has deflated it."""
    files = (table.FILE, table.CLASSES_FILE, networks.FILE)
    assert sum(len(zlib.compress(Path(file).read_bytes(), 6)) for file in files) <= 16_000_000


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "does not begin with BUSYGEO1"),
        (b"something else entirely", "does not begin with BUSYGEO1"),
        (b"BUSYGEO1" + (9).to_bytes(8, "little") + b'{"a": 1} ', "sections"),
        (b"BUSYGEO1" + (34).to_bytes(8, "little") + b'{"sections": {"place.lat": [0, 8]}}'[:34], "no geography table"),
        (b"BUSYGEO1" + (36).to_bytes(8, "little") + b'{"sections": {"place.lat": [0, 8]}} ', "cut short"),
    ],
)
def test_a_damaged_table_is_named(tmp_path, content, fault):
    file = tmp_path / "geography.bin"
    file.write_bytes(content)
    with pytest.raises(InputError, match=fault) as caught:
        table.Table.open(str(file))
    assert str(file) in str(caught.value)


def test_a_table_cut_in_half_is_named(tmp_path):
    file = tmp_path / "geography.bin"
    with open(table.FILE, "rb") as whole:
        file.write_bytes(whole.read(100_000))
    with pytest.raises(InputError, match="cut short"):
        table.Table.open(str(file))


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        table.Table.open(str(tmp_path / "none.bin"))
