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

POSTHOG = """
import sys
from datetime import datetime
from uuid import UUID
from posthog import Posthog
url, key, when = sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3])
failed = []
client = Posthog(key, host=url, gzip=True, capture_mode="v0", max_retries=0,
                 on_error=lambda error, events: failed.append(str(error)))
for number in range(120):
    client.capture("asked", distinct_id=f"p{number % 12 + 1}", properties={"colour": "blue"}, timestamp=when,
                   uuid=str(UUID(int=number)))
client.capture("$pageview", distinct_id="p4", timestamp=when, uuid=str(UUID(int=120)))
client.set(distinct_id="somebody", properties={"email": "p2@example.org"})
client.alias("visitor", "p3")
client.group_identify("team", "a", {"size": 12}, distinct_id="p5")
flags = client.evaluate_flags("p6")
if flags.is_enabled("new-editor") or client.feature_enabled("new-editor", "p7"):
    failed.append("a flag is on")
client.flush()
client.shutdown()
sys.exit(failed[0] if failed else 0)
"""

POSTHOG_V1 = POSTHOG.replace('capture_mode="v0"', 'capture_mode="v1"')

CLOUDEVENTS = """
import sys
from datetime import datetime
import requests
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
url, key, when = sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3])
for number in range(48):
    actor = f"p{number % 12 + 1}"
    attributes = {"id": f"e{number}", "source": "/assistant", "type": "asked", "time": when}
    if number < 24:
        event = CloudEvent(attributes, {"actor": actor, "what": "a question with \u00fc"})
    else:
        event = CloudEvent({**attributes, "subject": actor}, None)
    message = to_binary_event(event) if number % 2 else to_structured_event(event)
    # In chunks, as the npm client has it; requests does so for what has no length.
    body = iter([message.body]) if number % 3 else message.body
    headers = {**message.headers, "Authorization": f"Bearer {key}"}
    answer = requests.post(url + "/v1/cloudevents", data=body, headers=headers, timeout=30)
    if answer.status_code != 202:
        sys.exit(answer.text)
"""


def run(program: str, *words: str) -> None:
    """Runs a client's program to its end; the test fails when the client says that something failed."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
