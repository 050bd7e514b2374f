"""The ``open311`` command."""

from __future__ import annotations

import typer

from open311_api import __version__
from open311_api.commands import cluster, database, demo, doctor, imports, openapi, serving
from open311_api.commands.city import city_app
from open311_api.commands.keys import keys_app

app = typer.Typer(
    name="open311",
    help="A complete Open311 GeoReport v2 server on PostGIS.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    epilog="Examples:  [bold]open311 serve[/]   [bold]open311 keys create --help[/]   [bold]open311 doctor[/]",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"open311-api {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version and stop."),
) -> None:
    pass


app.command("serve")(serving.serve)
app.command("worker")(serving.work)
app.command("migrate")(database.migrate)
app.add_typer(city_app, name="city")
app.add_typer(keys_app, name="keys")
app.command("demo")(demo.demo)
app.command("import")(imports.import_)
app.add_typer(cluster.app, name="cluster")
app.command("doctor")(doctor.doctor)
app.command("secret-key")(database.secret_key)
app.command("openapi")(openapi.openapi)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
