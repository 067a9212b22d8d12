"""REST handler: sends what an alert action made, with the secrets that its owner may not read."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from busybody_splunk.alerts import handler
from splunk.persistconn.application import PersistentServerConnectionApplication


class Send(PersistentServerConnectionApplication):
    """POST /services/busybody/send, in a process that splunkd keeps running."""

    def __init__(self, _command_line, _command_arg):
        super().__init__()

    def handle(self, in_string):
        return handler.handle(in_string)
