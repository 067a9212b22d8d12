"""The search command busyforget."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from busybody_splunk import launch

sys.exit(launch.run("busyforget"))
