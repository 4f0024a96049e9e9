"""The whole pack. The engine runs this folder from the program's own, so the repository is put on the import path
first."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policy.pack import serve

serve("ringfence")
