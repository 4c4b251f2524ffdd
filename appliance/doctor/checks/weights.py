"""The weights that serve are those of their manifests."""

from __future__ import annotations

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.result import Fail, Ok, Result, Warn
from appliance.doctor.said import Said, listed, same
from appliance.modelstore.checking import matches_record
from appliance.modelstore.errors import ModelError
from appliance.modelstore.store import InstalledModel, ModelStore


def look(host: Host) -> Result:
    """Compare size and time of each file with what was checked byte by byte; with --deep, every byte."""
    path = host.machine.path(host.place.store)
    if path.is_dir() and not any(True for _ in path.iterdir()):
        return _none(host)
    if not path.is_dir():
        return _none(host)
    store = ModelStore(path)
    try:
        models = store.models()
        wrong = [said for model in models if (said := _wrong(store, model, deep=host.deep))]
    except (ModelError, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        return Fail(same(str(error)), same("ostrov models list"))
    if wrong:
        return Fail(listed(wrong), same("ostrov models verify"))
    if not models:
        return _none(host)
    size = sum(model.manifest.size for model in models) / 1e9
    how = (
        Said("every byte read", "прочитан каждый байт")
        if host.deep
        else Said("by size and time", "по размеру и времени")
    )
    count = Said(f"{len(models)} models, {size:.1f} GB, ", f"Моделей: {len(models)}, {size:.1f} ГБ, ")
    return Ok(count + how)


def _wrong(store: ModelStore, model: InstalledModel, *, deep: bool) -> Said | None:
    """What is wrong with one model; None when nothing is."""
    if deep:
        try:
            store.verify(model)
        except ModelError as error:
            return same(f"{model.key}: {error.sentence}")
        return None
    try:
        matches = matches_record(model.folder, model.manifest)
    except FileNotFoundError:
        matches = False
    if matches:
        return None
    return Said(f"{model.key} is not as it was when it was checked", f"{model.key} не такая, какой была при проверке")


def _none(host: Host) -> Result:
    """No models at all: the CRM works, no module does."""
    observed = Said(f"No model is in {host.place.store}.", f"В {host.place.store} нет моделей.")
    return Warn(observed, same("ostrov models import PATH ; ostrov models use chat NAME@VERSION"))


CHECK = Check(
    id="ai.weights",
    title=Said("Model weights are unchanged", "Веса моделей не изменены"),
    expected=Said(
        "Every file is the one that was checked against its SHA-256.",
        "Каждый файл тот, что сверен с SHA-256 манифеста.",
    ),
    control="ISO 27001 A.8.19; CIS v8 2.3",
    run=look,
    server=False,
    live=False,
)
