"""One web process: serves the socket its supervisor opened."""

from __future__ import annotations

import socket
import sys

import uvicorn

from open311_api.app import build_app
from open311_api.config import Settings
from open311_api.process import end_with_parent
from open311_api.web.logs import configure_logs
from open311_api.web.protocol import guarded_protocol

DRAIN_SECONDS = 20


def main(socket_fd: int) -> None:
    end_with_parent()
    settings = Settings()
    configure_logs(settings)
    config = uvicorn.Config(
        build_app(settings),
        loop="uvloop",
        http=guarded_protocol(settings.head_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=1024,
    )
    # By number alone, uvicorn would take it for a Unix socket: without TCP_NODELAY, answers wait 40 ms for an ACK.
    uvicorn.Server(config).run([socket.socket(fileno=socket_fd)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
