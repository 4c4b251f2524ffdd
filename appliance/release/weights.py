"""The weights in a bundle: packaged models, as folders that `ostrov models import` takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from appliance.modelstore import manifest, packages
from appliance.modelstore.assembly import Assembly
from appliance.modelstore.errors import ModelError
from appliance.modelstore.packages import Model
from appliance.modelstore.store import ModelStore
from appliance.release.problems import BuildError
from appliance.settings import default_model_cache

FOLDER: Final = "models"


def chosen(names: Iterable[str]) -> list[Model]:
    """Return packaged models by their names."""
    packaged = {model.name: model for model in packages.load()}
    unknown = [name for name in names if name not in packaged]
    if unknown:
        raise BuildError(f"There is no packaged model called '{unknown[0]}'.", f"Known: {', '.join(packaged)}.")
    return [packaged[name] for name in names]


def collect(models: Iterable[Model], cache: Path, say: Callable[[str], object]) -> dict[str, Path]:
    """Return the files of models by their paths in the bundle, assembled and checked."""
    assembly = Assembly(ModelStore(cache / "models"), default_model_cache())
    files = {}
    for model in models:
        say(f"weights of {model.title}")
        try:
            installed = assembly.ensure(model)
        except ModelError as error:
            raise BuildError(error.sentence, error.remedy) from error
        for name in (manifest.MANIFEST, *(file.name for file in model.manifest.file)):
            files[f"{FOLDER}/{model.name}/{installed.version}/{name}"] = installed.folder / name
    return files


def components(models: Iterable[Model]) -> list[dict[str, Any]]:
    """Describe models for the bill of materials."""
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{model.name}@{model.manifest.version}",
            "name": model.name,
            "version": model.manifest.version,
            "description": model.title,
            "hashes": [{"alg": "SHA-256", "content": model.manifest.sha256}],
            "licenses": [{"expression": model.manifest.licence}],
        }
        for model in models
    ]
