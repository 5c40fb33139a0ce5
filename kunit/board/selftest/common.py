# SPDX-License-Identifier: GPL-2.0
"""What the tests of the board scripts share."""

import os
import sys
import tempfile
from pathlib import Path

BOARD_DIR = Path(__file__).resolve().parents[1]
REPO = BOARD_DIR.parents[1]
sys.path.insert(0, str(BOARD_DIR))

# Tests write logs and folders; never into the real cache.
CACHE = tempfile.TemporaryDirectory(prefix="selftest-")
os.environ["DMAMAP_CACHE"] = CACHE.name
