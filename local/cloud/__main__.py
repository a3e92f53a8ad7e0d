"""The server's process: `python -m local.cloud HOME PORT INBOX_PORT`, ended by the end of its standard input.

Prints one line of JSON with its addresses when it answers.
"""

from __future__ import annotations

import json
import logging
import os
import pathlib
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from local.cloud import queues
from local.cloud.front import Front
from local.cloud.inbox import Inbox
from local.cloud.objects import Shelf
from local.cloud.sent import Sent


def main(home: pathlib.Path, port: int, inbox_port: int) -> None:
    """Serve until the standard input ends, which it does with the parent, however that one ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    queues.install()
    sent = Sent(home / "sent.jsonl")
    front = Front(DomainDispatcherApplication(create_backend_app), Shelf(home / "objects"), sent)
    cloud = make_server("127.0.0.1", port, front, threaded=True, request_handler=MotoRequestHandler)
    inbox = make_server("127.0.0.1", inbox_port, Inbox(sent.path), threaded=True)
    for server in (cloud, inbox):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"endpoint": _address(cloud), "inbox": _address(inbox)}), flush=True)
    sys.stdin.read()
    # Long polls of workers would keep the threads alive; all that was acknowledged is on disk.
    os._exit(0)


def _address(server: BaseWSGIServer) -> str:
    return f"http://127.0.0.1:{server.port}"


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
