"""Hosts: sshd's syslog lines and Windows' logon events."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ...signin import SignIn
from .times import iso, syslog

DOMAIN = "CORP"


def sshd(signin: SignIn) -> Optional[str]:
    """RFC 3164 as OpenSSH logs through rsyslog; no year, no zone: UTC."""
    verb = "Accepted" if signin.outcome == "success" else "Failed"
    method = "password" if verb == "Failed" or signin.method == "password" else "publickey"
    name, port = signin.user.partition("@")[0], 1024 + int(signin.id[:4], 16) % 60000
    tail = ": ED25519 SHA256:" + signin.id * 2 if method == "publickey" else ""
    host = f"{signin.app or 'host'}-1"
    return f"{syslog(signin.time)} {host} sshd[{int(signin.id[4:8], 16)}]: {verb} {method} for {name} from {signin.ip} port {port} ssh2{tail}"


def windows(signin: SignIn) -> Dict[str, Any]:
    """4624 and 4625 as the event log's own XML turned into JSON, with remote interactive and network logons."""
    failed = signin.outcome != "success"
    data = {
        "SubjectUserSid": "S-1-5-18",
        "SubjectUserName": "GATE-1$",
        "TargetUserSid": "S-1-0-0" if failed else f"S-1-5-21-1-2-3-{1000 + int(signin.id[:3], 16)}",
        "TargetUserName": signin.user.partition("@")[0],
        "TargetDomainName": DOMAIN,
        "TargetLogonId": "0x" + signin.id[:8],
        "LogonType": "10" if signin.interactive else "3",
        "LogonProcessName": "User32" if signin.interactive else "Kerberos",
        "AuthenticationPackageName": "Negotiate" if signin.interactive else "Kerberos",
        "WorkstationName": "GATE-1",
        "IpAddress": signin.ip or "-",
        "IpPort": "0",
    }
    if failed:
        data.update(Status="0xc000006d", SubStatus="0xc000006a")
    return {
        "Event": {
            "System": {
                "Provider": {"@Name": "Microsoft-Windows-Security-Auditing"},
                "EventID": "4625" if failed else "4624",
                "TimeCreated": {"@SystemTime": iso(signin.time)[:-1] + "0000Z"},
                "EventRecordID": str(int(signin.id, 16) >> 16),
                "Channel": "Security",
                "Computer": "gate-1.corp.example",
            },
            "EventData": {"Data": [{"@Name": name, "#text": value} for name, value in data.items()]},
        }
    }


def windows_id(_signin: SignIn, record: Any) -> str:
    system = record["Event"]["System"]
    return f"{system['Computer']}:{system['EventRecordID']}"
