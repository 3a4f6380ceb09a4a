"""ClickHouse inside a process, run by the interpreter of its own environment: `chdb_loop.py FOLDER`.

Reads a statement in JSON from each line it is given, and answers with one line: the rows as a list of lists.
"""

import json
import sys

from chdb.session import Session

session = Session(sys.argv[1])
for line in sys.stdin:
    rows = str(session.query(json.loads(line), "JSONCompactEachRow")).splitlines()
    print(f"[{','.join(rows)}]", flush=True)
