"""Ralph's server, run by the interpreter of its own environment: `ralph_app.py PORT`.

`ralph runserver` watches its files for changes, and its file store refuses every write after the first because it
creates where it should append (5.1). Both would be held against it.
"""

import sys

import uvicorn
from ralph.backends.data.base import BaseOperationType
from ralph.backends.data.fs import FSDataBackend

FSDataBackend.default_operation_type = BaseOperationType.APPEND
uvicorn.run("ralph.api:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
