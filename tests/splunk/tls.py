"""Certificates shaped like the ones that Splunk makes for itself, for tests alone.

The server's names SplunkServerDefaultCert and no address; its authority has no key usage and no key identifiers, which
VERIFY_X509_STRICT refuses. Valid from 2020 to 2099. The key protects nothing: it was made to be published here.
"""

from __future__ import annotations

from pathlib import Path

CA = """\
-----BEGIN CERTIFICATE-----
MIIBaTCCAQ6gAwIBAgIUJgcKLv0T6sX0X91UQbiqTJV+z5IwCgYIKoZIzj0EAwIw
KjEXMBUGA1UEAwwOU3BsdW5rQ29tbW9uQ0ExDzANBgNVBAoMBlNwbHVuazAgFw0y
MDAxMDEwMDAwMDBaGA8yMDk5MDEwMTAwMDAwMFowKjEXMBUGA1UEAwwOU3BsdW5r
Q29tbW9uQ0ExDzANBgNVBAoMBlNwbHVuazBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABFKmHicb89/ObuUQQ9Ez1FFmuUVVi3VKaj7/7LyW4h02I6bpJWpywSbayuMN
V5o8glUcS41179q+MqhLj16uC5WjEDAOMAwGA1UdEwQFMAMBAf8wCgYIKoZIzj0E
AwIDSQAwRgIhAMFRPRbsUsFNvub1RJsPztIyPD9mwenwkVzBbz2I+uI+AiEA+ZJb
eg1CjIgVzrX4Ov8wTFeoWbPNDteDR+5bta71Mbg=
-----END CERTIFICATE-----
"""  # signs SERVER and EXPIRED

OTHER_CA = """\
-----BEGIN CERTIFICATE-----
MIIBaTCCAQ6gAwIBAgIUUyTr0RKetkABeSKQac3wDqcg4hUwCgYIKoZIzj0EAwIw
KjEXMBUGA1UEAwwOU3BsdW5rQ29tbW9uQ0ExDzANBgNVBAoMBlNwbHVuazAgFw0y
MDAxMDEwMDAwMDBaGA8yMDk5MDEwMTAwMDAwMFowKjEXMBUGA1UEAwwOU3BsdW5r
Q29tbW9uQ0ExDzANBgNVBAoMBlNwbHVuazBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABM2iK68/3ydutSYD3V6jJV3OjYw8MsNvHhTtulXrGAAUmkzcIy2LAHiYWSst
HuhHwc23EZL6jANCmLed2JAxWvijEDAOMAwGA1UdEwQFMAMBAf8wCgYIKoZIzj0E
AwIDSQAwRgIhAJzu1VOfqj4LPNugeDR4dHz3gStW7HdBfvNEbwoK7mx7AiEA5hME
VLvKhk6G74fkqKitnD/ikEvmyma90CoCH3vgm/M=
-----END CERTIFICATE-----
"""  # of the same name, another key

SERVER = """\
-----BEGIN CERTIFICATE-----
MIIBYjCCAQmgAwIBAgIUXs/n2sSOpWHCcYCAvK7yNcpI7sUwCgYIKoZIzj0EAwIw
KjEXMBUGA1UEAwwOU3BsdW5rQ29tbW9uQ0ExDzANBgNVBAoMBlNwbHVuazAgFw0y
MDAxMDEwMDAwMDBaGA8yMDk5MDEwMTAwMDAwMFowNzEgMB4GA1UEAwwXU3BsdW5r
U2VydmVyRGVmYXVsdENlcnQxEzARBgNVBAoMClNwbHVua1VzZXIwWTATBgcqhkjO
PQIBBggqhkjOPQMBBwNCAASwR+D81cUx1+pmjhRQz6jdMwzsY34tkLYf1W7CSWDb
7VMFK3lADdLH+ie7ms4n1hs9MMOQvwO7FqZOUpfiGSIWMAoGCCqGSM49BAMCA0cA
MEQCIFyZBGgOYfMig6N/C9h8IGfq0vDQUvQfn0b3vevoc7l4AiA8LOdDcLq4Vle7
wYKhxDttZx0bw7qcVkvC5clkM4d+xA==
-----END CERTIFICATE-----
"""  # for KEY

EXPIRED = """\
-----BEGIN CERTIFICATE-----
MIIBYTCCAQegAwIBAgIUWO903JKBqODf3Az/cB8TU9GVSZwwCgYIKoZIzj0EAwIw
KjEXMBUGA1UEAwwOU3BsdW5rQ29tbW9uQ0ExDzANBgNVBAoMBlNwbHVuazAeFw0y
MDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAwMDBaMDcxIDAeBgNVBAMMF1NwbHVua1Nl
cnZlckRlZmF1bHRDZXJ0MRMwEQYDVQQKDApTcGx1bmtVc2VyMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAEsEfg/NXFMdfqZo4UUM+o3TMM7GN+LZC2H9Vuwklg2+1T
BSt5QA3Sx/onu5rOJ9YbPTDDkL8DuxamTlKX4hkiFjAKBggqhkjOPQQDAgNIADBF
AiAocEdNTu4lNXbzMpGW+bURpfgI9piv4dGCF2QpmOhCqAIhAJL0Ixj4EGjYqQa1
jZD4XKoQhmlinR0VWH+76tYMZN0P
-----END CERTIFICATE-----
"""  # for KEY, until 2021

KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHKvEjVRTavJdQJcy
rc9MmbwCPDpPb1zMJsMIL9sDWcGhRANCAASwR+D81cUx1+pmjhRQz6jdMwzsY34t
kLYf1W7CSWDb7VMFK3lADdLH+ie7ms4n1hs9MMOQvwO7FqZOUpfiGSIW
-----END PRIVATE KEY-----
"""


def write(folder: Path, server: str = SERVER, authority: str = CA) -> Path:
    """Writes server.pem (certificate and key) and cacert.pem into the folder; the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server.pem").write_text(server + KEY, "ascii")
    trusted = folder / "cacert.pem"
    trusted.write_text(authority, "ascii")
    return trusted
