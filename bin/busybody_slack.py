"""Alert action: people's odd sign-ins into a Slack channel."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from busybody_splunk import launch

if launch.too_old():
    sys.exit("ERROR " + launch.too_old())

from busybody_splunk.alerts import script

sys.exit(script.main("busybody_slack"))
