"""Commands that run the server."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Annotated

import typer
from rich.markup import escape

from open311_api.commands.running import load_settings, messages
from open311_api.errors import Open311Error


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; OPEN311_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; OPEN311_PORT.")] = None,
    web_workers: Annotated[int | None, typer.Option(help="Web processes; OPEN311_WEB_WORKERS.")] = None,
    worker: Annotated[bool, typer.Option(help="Run the background worker beside the web processes.")] = True,
) -> None:
    """Serve the API: web processes and one worker under a small supervisor.

    Stops cleanly on Ctrl-C or SIGTERM: what is under way is finished first.
    """
    from open311_api.db.cluster import database_url
    from open311_api.db.sealing import Sealer, secret_keys
    from open311_api.supervisor import Supervisor, listen
    from open311_api.web.logs import configure_logs

    for name, value in (("HOST", host), ("PORT", port), ("WEB_WORKERS", web_workers)):
        if value is not None:
            os.environ[f"OPEN311_{name}"] = str(value)
    settings = load_settings()
    configure_logs(settings)
    try:
        # Looked at here, once: processes that cannot work would only be restarted for ever.
        os.environ["OPEN311_DATABASE_URL"] = url = database_url(settings)
        Sealer.parse(secret_keys(settings))
        _require_schema(url)
        server = listen(settings.host, settings.port)
    except Open311Error as error:
        messages.print(f"[red]Error:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    os.environ.setdefault("OPEN311_PUBLIC_URL", _public_url(settings.public_url, settings.port, server.getsockname()[1]))
    raise typer.Exit(Supervisor(settings.web_workers, worker, server.fileno()).run())


def _require_schema(url: str) -> None:
    """A database that is away now is no reason to stop: the processes wait for it and say that they are not ready."""
    import asyncpg

    from open311_api.commands.schema import require_schema_at

    with suppress(OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
        asyncio.run(require_schema_at(url))


def _public_url(configured: str, port: int, bound: int) -> str:
    """With --port 0 the system chose; the URLs we write must say so."""
    return configured if port else configured.rpartition(":")[0] + f":{bound}"


def work() -> None:
    """Run only the background worker: ids of batch requests, publishing, tidying."""
    from open311_api.worker import main

    main()
