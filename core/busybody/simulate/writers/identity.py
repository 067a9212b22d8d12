"""Identity providers: Okta, Entra ID, Google Workspace, Duo, Auth0, OneLogin; field names after their documented schemas."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from ...signin import SignIn
from .names import browser_and_system
from .times import iso, seconds


def number(signin: SignIn) -> int:
    """The id as a number, for vendors that count."""
    return int(signin.id, 16) >> 12


def okta(signin: SignIn) -> Dict[str, Any]:
    """System Log LogEvent. https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/"""
    browser, system = browser_and_system(signin)
    event, result, factor = "user.session.start", signin.outcome.upper(), None
    target: List[Dict[str, Any]] = [
        {"id": "0oa" + (signin.app or ""), "type": "AppInstance", "displayName": signin.app}
    ]
    if signin.mfa == "denied":
        event, result, factor = "user.mfa.okta_verify.deny_push", "SUCCESS", "OKTA_VERIFY_PUSH"
    elif signin.method in ("sso", "token"):
        event = "user.authentication.sso"
    elif signin.method == "legacy":
        event = "user.authentication.auth_via_richclient"
    elif signin.mfa == "passed":
        event = "user.authentication.auth_via_mfa"
        factor = "FIDO_WEBAUTHN" if signin.method == "passkey" else "OKTA_VERIFY_PUSH"
    place = None
    if signin.country is not None:
        place = {
            "city": signin.city, "state": signin.region, "country": signin.country, "postalCode": None,
            "geolocation": {"lat": signin.lat, "lon": signin.lon},
        }  # fmt: skip
    return {
        "uuid": signin.id,
        "published": iso(signin.time),
        "version": "0",
        "severity": "INFO" if signin.outcome == "success" else "WARN",
        "eventType": event,
        "displayMessage": "User login to Okta",
        "actor": {"id": "00u" + signin.user.partition("@")[0], "type": "User", "alternateId": signin.user, "displayName": None},
        "client": {
            "userAgent": {"rawUserAgent": signin.user_agent, "os": system, "browser": browser and browser.upper()},
            "zone": "null",
            "device": "Mobile" if "-mobile-" in (signin.device or "") else "Computer",
            "ipAddress": signin.ip,
            "geographicalContext": place,
        },
        "device": None if signin.device_id is None else {"id": signin.device_id, "managed": "managed_device" in signin.flags},
        "authenticationContext": {
            "authenticationStep": 0,
            "credentialType": "PASSWORD" if signin.method == "password" and factor is None else None,
            "externalSessionId": signin.session or "unknown",
        },
        "outcome": {"result": result, "reason": None if result == "SUCCESS" else "INVALID_CREDENTIALS"},
        "securityContext": {
            "asNumber": signin.asn, "asOrg": signin.as_org, "isp": signin.as_org, "isProxy": "proxy" in signin.flags,
        },
        "debugContext": {"debugData": {"requestId": "R" + signin.id, "threatSuspected": "false", "factor": factor}},
        "target": target,
    }  # fmt: skip


ENTRA_METHODS = {
    "password": "Password",
    "passkey": "Passkey (device-bound)",
    "sso": "Previously satisfied",
    "token": "Previously satisfied",
}


def entra(signin: SignIn) -> Dict[str, Any]:
    """signIn of Microsoft Graph. https://learn.microsoft.com/en-us/graph/api/resources/signin?view=graph-rest-beta"""
    browser, system = browser_and_system(signin)
    code = 0 if signin.outcome == "success" else 500121 if signin.mfa == "denied" else 50126
    strong = signin.mfa in ("passed", "denied") or (signin.method == "sso" and signin.mfa == "unknown")
    claimed = strong and signin.mfa == "unknown"
    return {
        "id": signin.id,
        "createdDateTime": iso(signin.time),
        "userDisplayName": signin.user.partition("@")[0].replace(".", " ").title(),
        "userPrincipalName": signin.user,
        "userId": f"26be570a-0000-4189-b4e2-{sum(map(ord, signin.user)):012x}",
        "appId": "app-" + (signin.app or ""),
        "appDisplayName": signin.app,
        "ipAddress": signin.ip,
        "clientAppUsed": "IMAP4" if signin.method == "legacy" else "Browser",
        "userAgent": signin.user_agent,
        "correlationId": "c" + signin.id,
        "sessionId": signin.session,
        "isInteractive": bool(signin.interactive),
        "signInEventTypes": ["interactiveUser" if signin.interactive else "nonInteractiveUser"],
        "autonomousSystemNumber": signin.asn,
        "riskLevelDuringSignIn": "none",
        "riskEventTypes_v2": [],
        "authenticationRequirement": "multiFactorAuthentication" if strong else "singleFactorAuthentication",
        "status": {
            "errorCode": code,
            "failureReason": "Other." if code == 0 else "Error validating credentials.",
            "additionalDetails": "MFA requirement satisfied by claim in the token" if claimed else None,
        },
        "deviceDetail": {
            "deviceId": signin.device_id or "", "operatingSystem": system, "browser": browser,
            "isManaged": "managed_device" in signin.flags or None,
        },
        "location": {
            "city": signin.city, "state": signin.region, "countryOrRegion": signin.country,
            "geoCoordinates": {"altitude": None, "latitude": signin.lat, "longitude": signin.lon},
        },
        "authenticationDetails": [
            {"authenticationMethod": ENTRA_METHODS.get(signin.method or "", "Password"), "succeeded": code != 50126}
        ],
    }  # fmt: skip


def google_workspace(signin: SignIn) -> Dict[str, Any]:
    """Login activity of the Reports API. https://developers.google.com/workspace/admin/reports/v1/appendix/activity/login"""
    challenge = ["passkey"] if signin.method == "passkey" else ["password"]
    kind = {"sso": "saml", "token": "exchange", "legacy": "exchange"}.get(signin.method or "", "google_password")
    name = "login_success" if signin.outcome == "success" else "login_failure"
    if signin.mfa == "passed" and signin.method != "passkey":
        challenge.append("google_prompt")
    if signin.mfa == "denied":
        name, challenge = "login_challenge", ["google_prompt"]
    parameters: List[Dict[str, Any]] = [
        {"name": "login_type", "value": kind},
        {"name": "login_challenge_method", "multiValue": challenge},
        {"name": "is_suspicious", "boolValue": False},
    ]
    if signin.mfa == "denied":
        parameters.append({"name": "login_challenge_status", "value": "Challenge Failed."})
    record: Dict[str, Any] = {
        "kind": "admin#reports#activity",
        "id": {
            "time": iso(signin.time), "uniqueQualifier": str(-number(signin)), "applicationName": "login",
            "customerId": "C03az79cb",
        },
        "actor": {"email": signin.user, "profileId": str(10**20 + sum(map(ord, signin.user)))},
        "ipAddress": signin.ip,
        "events": [
            {
                "type": "login",
                "name": name,
                "parameters": parameters,
            }
        ],
    }  # fmt: skip
    if signin.asn is not None:
        record["networkInfo"] = {"ipAsn": [signin.asn], "regionCode": signin.country}
    return record


def google_id(_signin: SignIn, record: Any) -> str:
    return f"{record['id']['time']} {record['id']['uniqueQualifier']}"


def duo(signin: SignIn) -> Optional[Dict[str, Any]]:
    """Authentication log of the Admin API, v2. https://duo.com/docs/adminapi#authentication-logs"""
    if signin.mfa not in ("passed", "denied"):
        return None  # Duo sees the second factor only
    browser, system = browser_and_system(signin)
    good = signin.outcome == "success"
    return {
        "access_device": {
            "browser": browser, "browser_version": None if signin.version is None else f"{signin.version}.0",
            "epkey": signin.device_id, "ip": signin.ip, "os": system, "os_version": None,
            "location": {"city": signin.city, "state": signin.region, "country": signin.country},
        },
        "application": {"key": "DI" + (signin.app or "").upper(), "name": signin.app},
        "auth_device": {"ip": None, "name": None},
        "email": signin.user,
        "event_type": "authentication",
        "factor": "webauthn_credential" if signin.method == "passkey" else "duo_push",
        "isotimestamp": iso(signin.time)[:-1] + "+00:00",
        "reason": "user_approved" if good else "user_mistake",
        "result": "success" if good else "denied",
        "timestamp": int(signin.time),
        "trusted_endpoint_status": "trusted" if "managed_device" in signin.flags else "not trusted",
        "txid": signin.id,
        "user": {"groups": [signin.group], "key": "DU" + signin.user, "name": signin.user},
    }  # fmt: skip


def auth0(signin: SignIn) -> Dict[str, Any]:
    """Tenant log. https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes"""
    good = signin.outcome == "success"
    kind = "s" if good else "gd_auth_rejected" if signin.mfa == "denied" else "fp"
    record: Dict[str, Any] = {
        "log_id": signin.id,
        "date": iso(signin.time),
        "type": kind,
        "connection": "Username-Password-Authentication",
        "client_id": "client-" + (signin.app or ""),
        "client_name": signin.app,
        "ip": signin.ip,
        "user_agent": signin.user_agent,
        "user_id": "auth0|" + signin.user,
        "user_name": signin.user,
        "strategy": "samlp" if signin.method == "sso" else "auth0",
        "strategy_type": "enterprise" if signin.method == "sso" else "database",
    }
    if good:
        prompts: List[Dict[str, Any]] = [
            {"name": "passkey" if signin.method == "passkey" else "login", "user_name": signin.user}
        ]
        if signin.mfa == "passed" and signin.method != "passkey":
            prompts.append({"name": "mfa", "flow": "mfa", "performed_amr": ["mfa"]})
        record["details"] = {"prompts": prompts, "session_id": signin.session}
    if signin.country is not None:
        record["location_info"] = {
            "country_code": signin.country, "city_name": signin.city, "latitude": signin.lat, "longitude": signin.lon,
        }  # fmt: skip
    return record


def onelogin(signin: SignIn) -> Dict[str, Any]:
    """Event of the Events API: 5 and 6 are sign-ins, 8 and 9 into applications.
    https://developers.onelogin.com/api-docs/1/events/event-resource"""
    good = signin.outcome == "success"
    kind = (8 if good else 9) if signin.method == "sso" else (5 if good else 6)
    strong = signin.mfa in ("passed", "denied")
    return {
        "id": number(signin),
        "created_at": seconds(signin.time)[:-1] + f".{round(signin.time * 1000) % 1000:03d}Z",
        "account_id": 41001,
        "user_id": sum(map(ord, signin.user)),
        "event_type_id": kind,
        "notes": None,
        "ipaddr": signin.ip,
        "actor_user_id": None,
        "app_name": signin.app,
        "user_name": signin.user,
        "otp_device_id": 6100 if strong else None,
        "otp_device_name": "OneLogin Protect" if strong else None,
        "risk_score": 3,
        "proxy_ip": signin.ip if "proxy" in signin.flags else None,
    }
