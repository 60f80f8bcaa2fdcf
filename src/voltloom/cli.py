"""`voltloom`: the names and flags of its commands. What they do is in `terminal/`.

Every command takes `--data-dir`; what prints results takes `--json`. Imports that only one command needs are in it:
`voltloom --help` starts no web framework.
"""

from pathlib import Path
from typing import Annotated

import typer

from voltloom import __version__
from voltloom.infra.settings import SettingError, Settings

cli = typer.Typer(
    name="voltloom",
    help="Runs networks of EV charging stations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _group(name: str, about: str) -> typer.Typer:
    group = typer.Typer(help=about, no_args_is_help=True)
    cli.add_typer(group, name=name)
    return group


station = _group("station", "Add, list and remove stations.")
inbox = _group("inbox", "Stations that knocked and were not let in.")
token = _group("token", "Tokens that may charge.")
user = _group("user", "People who sign in.")
mfa = typer.Typer(help="Second factors.", no_args_is_help=True)
user.add_typer(mfa, name="mfa")
apikey = _group("apikey", "Keys for programs.")
audit = _group("audit", "Who did what.")
backup = _group("backup", "Copies of the database.")

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="where the database, keys and archives live [default: ~/.local/share/voltloom]"),
]
Json = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]
DatabaseUrl = Annotated[str | None, typer.Option("--database", help="sqlite:///path or postgresql://…")]


def _settings(**given: object) -> Settings:
    from voltloom.infra.settings import load_settings
    from voltloom.terminal import output

    try:
        return load_settings(given)
    except SettingError as error:
        output.fail(str(error))


@cli.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="print the version and end")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


# ---- servers


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on [default: 127.0.0.1]")] = None,
    ocpp_port: Annotated[int | None, typer.Option(help="stations without TLS [default: 9000]")] = None,
    ocpps_port: Annotated[int | None, typer.Option(help="stations with TLS [default: 9443]")] = None,
    http_port: Annotated[int | None, typer.Option(help="console and API [default: 8000]")] = None,
    database: DatabaseUrl = None,
    bus: Annotated[str | None, typer.Option(help="nats://… of a cluster")] = None,
    allow_plain_ws: Annotated[
        bool | None, typer.Option("--allow-plain-ws", help="let stations connect without TLS from beyond this machine")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error")] = None,
    log_format: Annotated[str | None, typer.Option(help="json, text or auto")] = None,
    data_dir: DataDir = None,
) -> None:
    """Run the charging network: stations, API, live events. Ctrl-C stops it cleanly."""
    from voltloom.terminal import serve as command

    command.serve(
        _settings(
            host=host,
            ocpp_port=ocpp_port,
            ocpps_port=ocpps_port,
            http_port=http_port,
            database=database,
            bus=bus,
            allow_plain_ws=allow_plain_ws,
            log_level=log_level,
            log_format=log_format,
            data_dir=data_dir,
        )
    )


@cli.command()
def demo(
    stations: Annotated[int, typer.Option(min=1, max=500, help="how many simulated stations")] = 24,
    seed: Annotated[int, typer.Option(help="the same seed gives the same network")] = 1,
    top: Annotated[bool, typer.Option("--top/--no-top", help="show the network live in this terminal")] = True,
    seconds: Annotated[float | None, typer.Option(help="end by itself after this long")] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="keep the demo's data here [default: a folder that is removed]")
    ] = None,
) -> None:
    """A live network with simulated stations and cars, on this machine. Ctrl-C stops it."""
    from voltloom.terminal import demo as command

    raise typer.Exit(command.demo(stations, seed, top=top, seconds=seconds, data_dir=data_dir))


@cli.command()
def simulate(
    url: Annotated[str, typer.Option(help="of the server's OCPP port; the identity is appended, or put for {id}")] = (
        "ws://127.0.0.1:9000/ocpp"
    ),
    stations: Annotated[int, typer.Option(min=1, help="how many, unless there is a plan")] = 24,
    plan: Annotated[Path | None, typer.Option(help="a network as JSON or TOML")] = None,
    version: Annotated[list[str] | None, typer.Option(help="1.6, 2.0.1, 2.1; repeatable [default: all]")] = None,
    profile: Annotated[int, typer.Option(min=0, max=3, help="security profile")] = 1,
    password: Annotated[str, typer.Option(help="of every station; {id} and {n} are filled in")] = "",
    credentials: Annotated[Path | None, typer.Option(help="JSON: identity → password")] = None,
    certificates: Annotated[Path | None, typer.Option(help="folder with IDENTITY.pem and .key, for profile 3")] = None,
    ca: Annotated[Path | None, typer.Option(help="the authority to trust, for wss")] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same stations and days")] = 7,
    pace: Annotated[float, typer.Option(min=0.1, max=1000, help="how much faster days pass")] = 1.0,
    faults_per_day: Annotated[float, typer.Option(min=0, help="of one station, at pace 1")] = 0.5,
    idle: Annotated[bool, typer.Option("--idle", help="stations only: no cars, no faults")] = False,
    seconds: Annotated[float | None, typer.Option(help="end by itself after this long")] = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Simulated stations with cars, meters and faults, against any server."""
    from voltloom.terminal import output
    from voltloom.terminal import simulate as command

    try:
        network = command.read_plan(plan) if plan else None
    except (OSError, ValueError) as error:
        output.fail(f"the plan {plan} cannot be read: {error}")
    options = command.Options(
        url=url,
        plan=network,
        stations=stations,
        versions=tuple(version or ()),
        profile=profile,
        password=password,
        credentials=credentials,
        certificates=certificates,
        ca=str(ca) if ca else None,
        seed=seed,
        pace=pace,
        faults_per_day=faults_per_day,
        idle=idle,
        duration_s=seconds,
    )
    command.simulate(options, json=json)


@cli.command()
def bench(
    connections: Annotated[
        str | None, typer.Option(help="how many, each measured for itself [default: 200,2000,9000]")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="of one measurement [default: 3]")] = None,
    repeats: Annotated[int | None, typer.Option(min=1, help="turns of each scenario [default: 3]")] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            help="echo, sqlite, postgres, package, tls, open-loop, idle, storm; repeatable [default: all of them]"
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="a minute or so: fewer connections, one short turn each")
    ] = False,
    json: Json = False,
) -> None:
    """Measure what a message costs here, beside a bare echo and the PyPI package `ocpp`. Takes about ten minutes."""
    from voltloom.terminal import bench as command
    from voltloom.terminal import output

    try:
        counts = tuple(int(each) for each in connections.split(",")) if connections else None
    except ValueError:
        counts = (0,)
    if counts is not None and min(counts) < 1:
        output.fail(f"--connections is {connections!r}: give numbers such as 200,2000")
    command.bench(command.options(counts, seconds, repeats, scenario, quick=quick), json=json)


@cli.command()
def top(
    url: Annotated[
        str | None, typer.Option(envvar="VOLTLOOM_URL", help="of the server [default: the one of --data-dir]")
    ] = None,
    key: Annotated[str | None, typer.Option(envvar="VOLTLOOM_API_KEY", help="an API key for it")] = None,
    once: Annotated[bool, typer.Option("--once", help="print once and end")] = False,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """The network, live: stations, states, power, messages a second."""
    from voltloom.terminal import top as command

    command.top(_settings(data_dir=data_dir), url, key, once=once, json=json)


# ---- records


@station.command("add")
def station_add(
    station_id: Annotated[str, typer.Argument(metavar="ID", help="the OCPP identity")],
    security_profile: Annotated[
        int, typer.Option(min=0, max=3, help="0 open, 1 password, 2 and TLS, 3 certificate")
    ] = 1,
    name: Annotated[str, typer.Option(help="for people")] = "",
    site: Annotated[str | None, typer.Option(help="the site it stands at")] = None,
    password: Annotated[str | None, typer.Option(help="the one it has already [default: a random one]")] = None,
    protocol: Annotated[list[str] | None, typer.Option(help="ocpp1.6, ocpp2.0.1, ocpp2.1 [default: all]")] = None,
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make a station known: prints the URL and the password to enter in it."""
    from voltloom.domain.ids import SiteId
    from voltloom.domain.station import SecurityProfile
    from voltloom.features.stations import NewStation
    from voltloom.terminal import records

    new = NewStation(
        id=station_id,
        name=name,
        site_id=SiteId(site) if site else None,
        security_profile=SecurityProfile(security_profile),
        protocols=tuple(protocol or ()),
        password=password,
    )
    records.at_desk(
        _settings(data_dir=data_dir, database=database), lambda desk: records.add_station(desk, new, json=json)
    )


@station.command("list")
def station_list(database: DatabaseUrl = None, json: Json = False, data_dir: DataDir = None) -> None:
    """All stations, as last heard of."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database), lambda desk: records.list_stations(desk, json=json)
    )


@station.command("password")
def station_password(
    station_id: Annotated[str, typer.Argument(metavar="ID")],
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Give a station a new password; the old one ends now."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database), lambda desk: records.new_password(desk, station_id, json=json)
    )


@station.command("remove")
def station_remove(
    station_id: Annotated[str, typer.Argument(metavar="ID")],
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Let a station in no more. Its transactions and messages stay."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database),
        lambda desk: records.remove_station(desk, station_id, json=json),
    )


@inbox.command("list")
def inbox_list(database: DatabaseUrl = None, json: Json = False, data_dir: DataDir = None) -> None:
    """Who knocked, when, from where, and why they were refused."""
    from voltloom.terminal import records

    records.at_desk(_settings(data_dir=data_dir, database=database), lambda desk: records.list_inbox(desk, json=json))


@inbox.command("adopt")
def inbox_adopt(
    who: Annotated[str, typer.Argument(metavar="ID", help="the identity it claimed, or the number of the knock")],
    security_profile: Annotated[int, typer.Option(min=0, max=3, help="for one that is not known yet")] = 1,
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Let in who knocked: prints the URL and a new password to enter in it."""
    from voltloom.domain.station import SecurityProfile
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database),
        lambda desk: records.adopt(desk, who, SecurityProfile(security_profile), json=json),
    )


@token.command("add")
def token_add(
    value: Annotated[str, typer.Argument(help="as the card or the app presents it")],
    kind: Annotated[str, typer.Option(help="ISO14443, eMAID, Central, … [default: any]")] = "",
    holder: Annotated[str, typer.Option(help="whose it is")] = "",
    group: Annotated[str | None, typer.Option(help="the group it belongs to")] = None,
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Let a token charge."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database),
        lambda desk: records.add_token(desk, value, kind, holder, group, json=json),
    )


@token.command("list")
def token_list(database: DatabaseUrl = None, json: Json = False, data_dir: DataDir = None) -> None:
    """All tokens."""
    from voltloom.terminal import records

    records.at_desk(_settings(data_dir=data_dir, database=database), lambda desk: records.list_tokens(desk, json=json))


@user.command("add")
def user_add(
    login: Annotated[str, typer.Argument(help="the name or e-mail address to sign in with")],
    role: Annotated[str, typer.Option(help="viewer, technician, operator or admin")] = "viewer",
    name: Annotated[str, typer.Option(help="for people")] = "",
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Add a person: prints a one-time link to sign in with."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database),
        lambda desk: records.add_person(desk, login, name, role, json=json),
    )


@user.command("link")
def user_link(
    login: Annotated[str, typer.Argument(help="of a person that exists")],
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """A new one-time link for a person, for example who forgot the password."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database), lambda desk: records.sign_in_link(desk, login, json=json)
    )


@user.command("list")
def user_list(database: DatabaseUrl = None, json: Json = False, data_dir: DataDir = None) -> None:
    """All people."""
    from voltloom.terminal import records

    records.at_desk(_settings(data_dir=data_dir, database=database), lambda desk: records.list_people(desk, json=json))


@mfa.command("reset")
def user_mfa_reset(
    login: Annotated[str, typer.Argument(help="of a person who lost app and recovery codes")],
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Let a person sign in with the password alone again. Their sessions end."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database),
        lambda desk: records.reset_second_factor(desk, login, json=json),
    )


@apikey.command("create")
def apikey_create(
    name: Annotated[str, typer.Argument(help="what it is for")],
    scope: Annotated[
        list[str] | None, typer.Option(help="a role, a scope such as stations:read, or *; repeatable")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="ends after this many days [default: never]")] = None,
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make a key for a program: printed once."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database),
        lambda desk: records.add_api_key(desk, name, tuple(scope or ()), days, json=json),
    )


@apikey.command("list")
def apikey_list(database: DatabaseUrl = None, json: Json = False, data_dir: DataDir = None) -> None:
    """All keys: their first characters, what they may, when they were last used."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database), lambda desk: records.list_api_keys(desk, json=json)
    )


@apikey.command("revoke")
def apikey_revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID")],
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """End a key."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database), lambda desk: records.revoke_api_key(desk, key_id, json=json)
    )


@audit.command("list")
def audit_list(
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """What was done lately, newest first."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database), lambda desk: records.list_audit(desk, limit, json=json)
    )


@audit.command("verify")
def audit_verify(
    head: Annotated[str, typer.Option(help="the head printed before: proves that the end was not cut off")] = "",
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Check that no entry of the audit log was altered or taken out. Exit code 1 if one was."""
    from voltloom.terminal import records

    records.at_desk(
        _settings(data_dir=data_dir, database=database), lambda desk: records.verify_audit(desk, head, json=json)
    )


@backup.command("create")
def backup_create(
    file: Annotated[Path, typer.Argument(help="where the copy goes; must not exist yet")],
    database: DatabaseUrl = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Copy the embedded database, while the server runs. Keys are not in it: keep `keys/` apart, and safe."""
    from voltloom.terminal import upkeep

    upkeep.back_up(_settings(data_dir=data_dir, database=database), file, json=json)


# ---- upkeep


@cli.command()
def migrate(database: DatabaseUrl = None, json: Json = False, data_dir: DataDir = None) -> None:
    """Bring the database up to this version of voltloom. `serve` does it by itself."""
    from voltloom.terminal import upkeep

    upkeep.migrate(_settings(data_dir=data_dir, database=database), json=json)


@cli.command()
def doctor(database: DatabaseUrl = None, json: Json = False, data_dir: DataDir = None) -> None:
    """What is wrong with this installation, and how to put it right. Exit code 1 if anything is."""
    from voltloom.terminal import doctor as command

    command.doctor({"data_dir": data_dir, "database": database}, json=json)


def main() -> None:
    cli()
