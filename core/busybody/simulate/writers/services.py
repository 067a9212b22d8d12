"""Services with sign-in logs of their own: AWS, Salesforce, Slack, GitHub."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ...signin import SignIn
from .names import browser_and_system
from .times import iso, seconds


def cloudtrail(signin: SignIn) -> Dict[str, Any]:
    """ConsoleLogin. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html"""
    good = signin.outcome == "success"
    identity: Dict[str, Any] = {
        "type": "IAMUser",
        "principalId": "AIDA" + signin.user.partition("@")[0].upper(),
        "arn": "arn:aws:iam::111122223333:user/" + signin.user,
        "accountId": "111122223333",
        "userName": signin.user,
    }
    if signin.method == "sso":
        arn = f"arn:aws:sts::111122223333:assumed-role/SSO_Staff/{signin.user}"
        identity = {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLE:{signin.user}",
            "arn": arn,
            "accountId": "111122223333",
        }
    record: Dict[str, Any] = {
        "eventVersion": "1.09",
        "userIdentity": identity,
        "eventTime": seconds(signin.time),
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": signin.ip,
        "userAgent": signin.user_agent,
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Success" if good else "Failure"},
        "additionalEventData": {
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAUsed": "Yes" if signin.mfa in ("passed", "denied") else "No",
        },
        "eventID": signin.id,
        "eventType": "AwsConsoleSignIn",
    }
    if not good:
        record["errorMessage"] = "Failed authentication"
    return record


def salesforce(signin: SignIn) -> Dict[str, Any]:
    """LoginEvent. https://developer.salesforce.com/docs/atlas.en-us.platform_events.meta/platform_events/sforce_api_objects_loginevent.htm"""
    browser, system = browser_and_system(signin)
    kinds = {
        "sso": "SAML Sfdc Initiated SSO",
        "token": "Remote Access 2.0",
        "legacy": "Other Apex API",
        "passkey": "Lightning Login",
    }
    failure = "Failed: Two-factor verification failed" if signin.mfa == "denied" else "Invalid Password"
    return {
        "EventIdentifier": signin.id,
        "CreatedDate": iso(signin.time),
        "EventDate": iso(signin.time),
        "UserId": f"005{sum(map(ord, signin.user)):012d}",
        "Username": signin.user,
        "LoginType": kinds.get(signin.method or "", "Application"),
        "SourceIp": signin.ip,
        "LoginUrl": "example.my.salesforce.com",
        "Browser": None if browser is None else f"{browser} {signin.version}",
        "Platform": system,
        "Status": "Success" if signin.outcome == "success" else failure,
        "Application": signin.app,
        "LoginKey": signin.session,
        "SessionLevel": "HIGH_ASSURANCE" if signin.mfa == "passed" else "STANDARD",
        "CountryIso": signin.country,
        "City": signin.city,
        "Subdivision": signin.region,
        "LoginLatitude": signin.lat,
        "LoginLongitude": signin.lon,
    }


def slack(signin: SignIn) -> Dict[str, Any]:
    """Audit Logs API. https://docs.slack.dev/admins/audit-logs-api"""
    user = {
        "id": "W" + signin.user.partition("@")[0].upper(),
        "name": signin.user,
        "email": signin.user,
        "team": "T0EXAMPLE",
    }
    return {
        "id": signin.id,
        "date_create": int(signin.time),
        "action": "user_login" if signin.outcome == "success" else "user_login_failed",
        "actor": {"type": "user", "user": user},
        "entity": {"type": "user", "user": user},
        "context": {
            "location": {"type": "enterprise", "id": "E0EXAMPLE", "name": "Example", "domain": "example"},
            "ua": signin.user_agent,
            "ip_address": signin.ip,
            "session_id": signin.session,
        },
    }


def github(signin: SignIn) -> Optional[Dict[str, Any]]:
    """Enterprise audit log. https://docs.github.com/en/enterprise-cloud@latest/admin/monitoring-activity-in-your-enterprise/reviewing-audit-logs-for-your-enterprise"""
    time = round(signin.time * 1000)
    record: Dict[str, Any] = {
        "@timestamp": time,
        "_document_id": signin.id,
        "action": "user.login" if signin.outcome == "success" else "user.failed_login",
        "actor": signin.user,
        "actor_ip": signin.ip,
        "actor_location": {"country_code": signin.country},
        "business": "example",
        "created_at": time,
        "operation_type": "authentication",
        "user": signin.user,
        "user_agent": signin.user_agent,
    }
    if signin.method == "passkey" and signin.outcome == "success":
        record["passkey_nickname"] = "laptop"
    return record
