"""With what: the device behind a user agent, told by a fingerprint that updates do not change.

The fingerprint is `system-kind-family`, such as `windows-desktop-chrome`; parts that cannot be known are left out
(`tool-curl`). It holds no version, neither the browser's nor the system's: browsers update monthly, iPhones every
autumn, and macOS and Windows no longer tell their version anyway. One parser serves every surface; what it knows is
data, in families.json.
"""

from .agents import LONGEST, Device, describe, parse
from .compatible import compatible_fingerprint, strip_versions

__all__ = ["LONGEST", "Device", "compatible_fingerprint", "describe", "parse", "strip_versions"]
