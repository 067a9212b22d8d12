"""The door: `launch.run("busyscore")` serves a search command on standard input and output.

This file stays readable by Python 2.7 and 3.7, which old Splunk versions start scripts with: there it says in one
sentence, through the protocol, which Splunk is needed, and imports nothing else.
"""

import sys

TYPE_CHECKING = False  # Python 2.7 has no typing
if TYPE_CHECKING:
    from typing import Any  # noqa: F401 - in the type comments

OLDEST = (3, 9)
COMMANDS = {  # name of the search command: module of busybody_splunk.commands, which has a function command()
    "busyscore": "score",
    "busytrain": "train",
    "busyprofile": "profile",
    "busyrisk": "risk",
    "busyverdict": "verdict",
    "busyforget": "forget",
    "busypolicy": "policy",
    "busycursor": "cursor",
}


def run(name):  # type: (str) -> int
    """Serve the search command until splunkd is done; returns the exit code of the process."""
    stdin = getattr(sys.stdin, "buffer", sys.stdin)  # type: Any
    stdout = getattr(sys.stdout, "buffer", sys.stdout)  # type: Any
    sys.stdout = sys.stderr  # a stray print must not end up between the frames
    if too_old():
        return refuse(stdin, stdout, too_old())
    from importlib import import_module

    try:
        from .protocol import serve

        command = import_module("busybody_splunk.commands." + COMMANDS[name]).command()
    except Exception as error:  # noqa: BLE001 - a module is missing, cut short or damaged
        return refuse(stdin, stdout, "%s cannot start: %s. Install the app Busybody again, whole." % (name, error))
    return serve(command, stdin, stdout, sys.stderr)


def too_old():  # type: () -> str
    """Why this Python will not do, in one sentence; empty when it will."""
    if sys.version_info >= OLDEST:
        return ""
    return (
        "Busybody needs Python 3.9 or newer, and this Splunk starts it with Python %d.%d: use Splunk Enterprise 10, or, "
        "where your 9.x ships Python 3.9 beside it, set python.version = python3.9 for this app's stanzas "
        "in local/commands.conf and local/alert_actions.conf." % sys.version_info[:2]
    )


def refuse(stdin, stdout, text):  # type: (Any, Any, str) -> int
    """Answer getinfo with one sentence, as the protocol's fatal reply; returns the exit code."""
    import json

    header = stdin.readline()
    lengths = header.split(b",")[1:]
    if len(lengths) == 2:
        stdin.read(int(lengths[0]) + int(lengths[1]))
    reply = '{"inspector":{"messages":[["ERROR",%s]]},"finished":true,"error":%s}' % ((json.dumps(text),) * 2)
    stdout.write(("chunked 1.0,%d,0\n%s" % (len(reply), reply)).encode("ascii"))
    stdout.flush()
    return 1
