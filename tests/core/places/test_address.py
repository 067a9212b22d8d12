"""Whatever logs hold around an address, one canonical text comes out, or None; never an exception."""

import ipaddress

import pytest
from busybody.places import address
from hypothesis import example, given
from hypothesis import strategies as st

IPV4 = st.ip_addresses(v=4).map(str)
IPV6 = st.ip_addresses(v=6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:443", "198.51.100.7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("2001:db8:0:0:0:0:0:7:443", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[::ffff:198.51.100.7]:80", "198.51.100.7"),
        ("198.51.100.7/32", "198.51.100.7"),
        ("10.0.0.3, 198.51.100.7, 203.0.113.9", "198.51.100.7"),
        ("unknown, 198.51.100.7:8443", "198.51.100.7"),
        ("10.0.0.3,192.168.1.1", "10.0.0.3"),
        ('for="[2001:db8::7]:4711";proto=https', "2001:db8::7"),
        ("  198.51.100.7\n", "198.51.100.7"),
        ("-", None),
        ("", None),
        (None, None),
        ("unknown", None),
        ("localhost", None),
        ("010.0.0.1", None),
        ("198.51.100", None),
        ("198.51.100.256", None),
        ("198.51.100.0/24", None),
        ("198.51.100.7:http", None),
        ("198.51.100.7\0", None),
        ("\ud800", None),
        ("١٩٨.٥١.١٠٠.٧", None),
    ],
)
def test_reads_addresses_as_logs_write_them(text, expected):
    assert address.parse(text) == expected


@given(st.text(max_size=60) | st.from_regex(r"[0-9a-f:.%\[\], /]{0,50}", fullmatch=True))
@example(":" * 5000)
@example("1," * 5000)
def test_any_text_gives_a_canonical_address_or_none(text):
    found = address.parse(text)
    if found is not None:
        ipaddress.ip_address(found)
        assert address.parse(found) == found


@given(IPV4, st.integers(0, 65535))
def test_ipv4_survives_ports_mapping_and_lists(ip, port):
    for text in (ip, f"{ip}:{port}", f"::ffff:{ip}", f"[::ffff:{ip}]:{port}", f"{ip}, {ip}"):
        assert address.parse(text) == ip


@given(IPV6.filter(lambda ip: ip.ipv4_mapped is None))
def test_every_spelling_of_an_ipv6_address_becomes_the_same_text(ip):
    spellings = {address.parse(text) for text in (ip.compressed, ip.exploded, ip.exploded.upper(), f"[{ip}]:443")}
    assert len(spellings) == 1
    assert ipaddress.ip_address(spellings.pop()) == ip


@given(IPV4 | IPV6.map(lambda ip: address.parse(str(ip))))
def test_subnet_and_host_agree_with_the_standard_library(ip):
    sizes = (48, 64) if ":" in ip else (24, 32)
    subnet, host = (ipaddress.ip_network(f"{ip}/{size}", strict=False) for size in sizes)
    assert ipaddress.ip_network(address.subnet(ip)) == subnet
    assert ipaddress.ip_network(address.host(ip)) == host


@given(IPV4 | IPV6.map(lambda ip: address.parse(str(ip))))
@example("100.64.0.1")
@example("100.128.0.0")
@example("172.31.255.255")
@example("172.32.0.0")
@example("198.19.0.1")
@example("fe80::1")
@example("fec0::1")
@example("fdff::1")
@example("::1")
@example("203.0.113.7")
def test_private_is_what_the_blocks_say(ip):
    parsed = ipaddress.ip_address(ip)
    blocks = [ipaddress.ip_network(block) for block in address.PRIVATE_BLOCKS]
    assert address.is_private(ip) is any(parsed in block for block in blocks if block.version == parsed.version)
