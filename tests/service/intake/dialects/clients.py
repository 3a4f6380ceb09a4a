"""Unmodified clients of other systems, each in a process of its own, told nothing but a host and a key."""

from __future__ import annotations

import subprocess
import sys

SEGMENT = """
import sys
from datetime import datetime
import segment.analytics as analytics
analytics.host, analytics.write_key = sys.argv[1:3]
analytics.gzip = True
failed = []
analytics.on_error = lambda error, items: failed.append(str(error))
for number in range(120):
    analytics.track(f"p{number % 12 + 1}", "asked", {"colour": "blue"}, message_id=f"m{number}",
                    timestamp=datetime.fromisoformat(sys.argv[3]))
analytics.identify("somebody", {"email": "p2@example.org"})
analytics.alias("visitor", "p3")
analytics.page("p4", "help", "start", message_id="page", timestamp=datetime.fromisoformat(sys.argv[3]))
analytics.group("p5", "team-a")
analytics.flush()
analytics.shutdown()
sys.exit(failed[0] if failed else 0)
"""

RUDDERSTACK = """
import sys
from datetime import datetime
import rudderstack.analytics as analytics
analytics.dataPlaneUrl, analytics.write_key = sys.argv[1:3]
failed = []
analytics.on_error = lambda error, items: failed.append(str(error))
for number in range(120):
    analytics.track(f"p{number % 12 + 1}", "asked", {"colour": "blue"}, message_id=f"m{number}",
                    timestamp=datetime.fromisoformat(sys.argv[3]))
analytics.identify("somebody", {"email": "p2@example.org"})
analytics.flush()
analytics.shutdown()
sys.exit(failed[0] if failed else 0)
"""


def run(program: str, *words: str) -> None:
    """Runs a client's program to its end; the test fails when the client says that something failed."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
