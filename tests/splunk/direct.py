"""A Splunkd without a network: each request goes straight into the fake, past a hook that may stop or break it."""

from __future__ import annotations

import json
from typing import Callable, Mapping, Optional, Tuple

from busybody_splunk.rest import Splunkd, Unanswered
from fake_splunkd import Instance

Hook = Callable[[str, str], None]  # method, target


class Direct(Splunkd):
    """`before` and `after` are called around each request, with method and target."""

    def __init__(self, instance: Instance, before: Optional[Hook] = None, after: Optional[Hook] = None) -> None:
        super().__init__("https://127.0.0.1:8089", instance.session_key, sleep=lambda _: None)
        self.instance = instance
        self.before, self.after = before, after

    def _exchange(
        self, method: str, target: str, body: Optional[bytes], headers: Mapping[str, str]
    ) -> Tuple[int, bytes]:
        self.requests += 1
        if self.before is not None:
            self.before(method, target)
        self.instance.requests.append(f"{method} {target}")
        fault = self.instance.fault()
        if fault is not None and fault.cut and not fault.late:
            raise Unanswered("the connection broke")
        if fault is not None and not fault.cut:
            return fault.status, json.dumps({"messages": [{"type": "ERROR", "text": fault.text}]}).encode()
        status, answer = self.instance.served(method, target, headers["Authorization"], body or b"")
        if fault is not None:
            raise Unanswered("the connection broke")
        if self.after is not None:
            self.after(method, target)
        return status, b"" if answer is None else json.dumps(answer).encode()


class Clock:
    """Stands at `now`, epoch seconds, until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now
