"""`ostrov bundle`: build a signed bundle on a connected machine, look into one, check one."""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from appliance.cli.problem import Problem
from appliance.release import building, manifest, reading, verifying
from appliance.release import state as releases
from appliance.release.building import Order
from appliance.release.problems import BuildError
from appliance.release.state import HistoryEntry

CHECKOUT: Final = Path(__file__).resolve().parents[2]
FILE: Final = click.Path(path_type=Path, dir_okay=False)
FOLDER: Final = click.Path(path_type=Path, file_okay=False)
MEGABYTE: Final = 1e6


@click.group()
def bundle() -> None:
    """Build, show and verify signed bundles, which install and update an appliance without a network."""


@bundle.command()
@click.option("--key", type=FILE, required=True, help="The ed25519 key of OpenSSH that signs.")
@click.option("--output", type=FOLDER, required=True, help="The folder that gets ostrov-VERSION.bundle.")
@click.option("--version", help="Another version than the checkout's own.")
@click.option("--models", multiple=True, metavar="NAME", help="Take the weights of a packaged model in; repeatable.")
@click.option("--no-models", is_flag=True, help="Take no weights in (as when --models is not given).")
@click.option("--only-models", is_flag=True, help="Build a bundle of weights alone: ostrov-models-VERSION.bundle.")
@click.option("--apt-cache", type=FOLDER, help="Take Debian packages from this folder; fetch none.")
@click.option("--apt-sources", type=FILE, help="Sources of Debian 13 to fetch from, as in sources.list.")
@click.option("--vllm", is_flag=True, help="Take vLLM for NVIDIA GPUs in, as an environment of its own (5 GB).")
@click.option("--nvidia-driver", is_flag=True, help="Take the NVIDIA driver of Debian's non-free section in.")
@click.option(
    "--expires-days", default=180, show_default=True, type=click.IntRange(1, 3650), help="How long it serves."
)
@click.option("--min-from", help="The oldest release that can be updated to this one (default: pyproject.toml).")
@click.option("--readable-by", help="The oldest release that runs on this one's schema (default: pyproject.toml).")
def build(
    *,
    key: Path,
    output: Path,
    version: str | None,
    models: tuple[str, ...],
    no_models: bool,
    only_models: bool,
    **more: Any,
) -> None:
    """Build a signed bundle out of this checkout: wheels, Debian packages, playbooks, licences, a bill of materials."""
    if (models and no_models) or (only_models and not models):
        raise click.UsageError("Name the weights with --models NAME, or leave them out with --no-models.")
    told = {name: value for name in ("min_from", "readable_by") if (value := more.pop(name))}
    try:
        release = manifest.of_checkout(CHECKOUT, version, **told)
        if only_models:
            release = dataclasses.replace(release, name=manifest.WEIGHTS)
        order = Order(CHECKOUT, key, output, release, models, cache=building.default_cache(), **more)
        path = building.build(order, lambda step: click.echo(f"  {step}", err=True))
    except BuildError as error:
        raise Problem(error.sentence, error.remedy) from error
    click.echo(f"{path} ({path.stat().st_size / MEGABYTE:,.0f} MB)")


@bundle.command()
@click.argument("path", metavar="BUNDLE", type=FILE)
@click.option("--signers", type=FILE, required=True, help="The trusted keys, as ssh's allowed_signers.")
@click.option("--state", type=FILE, help="What this server remembers of releases (/var/lib/ostrov/release/state.json).")
@click.option("--extract", type=FOLDER, help="Unpack into this folder, which must not be there yet.")
@click.option("--name", default=verifying.PRODUCT, show_default=True, help="What it must be: ostrov, or ostrov-models.")
@click.option("--allow-older", is_flag=True, help="Take a release older than one that was here.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def verify(*, path: Path, signers: Path, state: Path | None, as_json: bool, **more: Any) -> None:
    """Check the whole of BUNDLE, and unpack it when it is good; exit code 3 when it is refused."""
    code, answer = verifying.answer(path, signers, state, **more)
    if as_json:
        click.echo(json.dumps(answer))
    elif code:
        raise Problem(answer["sentence"], answer["remedy"], exit_code=code)
    else:
        click.echo(f"good: {answer['name']} {answer['version']}, signed by {answer['key_id']}")
    raise SystemExit(code)


@bundle.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--signers", type=FILE, required=True, help="The trusted keys, as ssh's allowed_signers.")
@click.option("--state", type=FILE, required=True, help="What this server remembers of releases.")
@click.option("--history", type=FILE, required=True, help="Gets one line about the install.")
def installed(*, folder: Path, signers: Path, state: Path, history: Path) -> None:
    """Remember that the bundle unpacked in DIR was installed first on this server; for the playbooks alone."""
    try:
        content, signature = ((folder / name).read_bytes() for name in (reading.MANIFEST, reading.SIGNATURE))
        key_id = verifying.signed_by(content, signature, signers)
        version = verifying.parse_manifest(content).version
        before = verifying.read_state(state).installed
        if before == version:
            click.echo(f"{version} is remembered already.")
            return
        # The state first: a server that remembers too much refuses, one that remembers too little takes anything.
        releases.record_installed(state, version, key_id)
        who = os.environ.get("SUDO_USER") or getpass.getuser()
        entry = HistoryEntry(datetime.now(UTC), who, "install", "committed", before, version, key_id)
        releases.append_history(history, entry)
    except OSError as error:
        raise Problem(f"{error.filename} cannot be used: {error.strerror}.", "Give the folder of a bundle.") from error
    except reading.Refusal as refusal:
        raise Problem(refusal.sentence, refusal.remedy, exit_code=verifying.EXIT_REFUSED) from refusal
    click.echo(f"{version} is remembered as installed.")


@bundle.command()
@click.argument("path", metavar="BUNDLE", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="The manifest as it stands.")
def show(*, path: Path, as_json: bool) -> None:
    """Tell what BUNDLE says of itself. Nothing is checked: for that there is `ostrov bundle verify`."""
    try:
        with path.open("rb") as stream:
            content = reading.read_first(stream, reading.MANIFEST, reading.MANIFEST_MAX_BYTES)
        found = verifying.parse_manifest(content)
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.", "Give the path of a bundle.") from error
    except reading.Refusal as refusal:
        raise Problem(refusal.sentence, refusal.remedy, exit_code=verifying.EXIT_REFUSED) from refusal
    if as_json:
        click.echo(content.decode())
        return
    schema = found.tables.get("schema", {})
    lines = {
        "release": f"{found.name} {found.version}",
        "signed by": f"{found.key_id} (not checked here)",
        "built": f"{found.built_at:%Y-%m-%d %H:%M} UTC, expires {found.expires_at:%Y-%m-%d}",
        "updates": f"from {found.min_from} on",
        "schema": ", ".join(
            f"{name} {rng['base']}-{rng['head']}" for name, rng in schema.items() if name in manifest.MIGRATIONS
        )
        + f", readable by {schema.get('readable_by')} on",
        **_parts(found),
    }
    for name, text in lines.items():
        click.echo(f"{name:>12}  {text}")


def _parts(found: verifying.Manifest) -> dict[str, str]:
    """Return how many files each part has, and how large they are."""
    files, sizes = Counter[str](), Counter[str]()
    for path, entry in found.files.items():
        part = path.partition("/")[0]
        files[part] += 1
        sizes[part] += entry.size
    return {part: f"{files[part]} files, {sizes[part] / MEGABYTE:,.1f} MB" for part in sorted(files)}
