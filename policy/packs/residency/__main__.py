"""The residency rules as a pack of their own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from policy.pack import serve

serve("ringfence-residency", "residency")
