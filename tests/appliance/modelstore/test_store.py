"""Models come into the store whole and checked or not at all, stand side by side, and serve by a link."""

import io
import os
import stat
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from appliance.modelstore import describing, manifest
from appliance.modelstore.checking import identity
from appliance.modelstore.errors import ChecksumMismatch, Interrupted, ManifestRefused, StoreRefused, WeightsRefused
from appliance.modelstore.store import ModelStore, active
from tests.appliance.modelstore.weights import ctranslate2, folder_of, gguf, safetensors, sha

FILES = {"model.gguf": gguf(), "doc/README.md": b"hello"}
WHISPER = {"model.bin": ctranslate2(), "config.json": b"{}", "tokenizer.json": b"{}"}
LLAMA = {"model.safetensors": safetensors(), "config.json": b'{"model_type": "llama"}'}


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "store")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "source", FILES)


def nothing_is_left(store: ModelStore) -> bool:
    """Tell whether a refused import left neither a model nor half of one."""
    return not store.models() and not list((store.root / ".staging").glob("*")) and not (store.root / "little").exists()


def packed(source: Path, target: Path) -> Path:
    """Pack a directory as its name's ending says."""
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in source.rglob("*"):
                archive.write(path, path.relative_to(source.parent))
        return target
    with tarfile.open(target, "w:" + {".tar": "", ".gz": "gz", ".xz": "xz", ".bz2": "bz2"}[target.suffix]) as archive:
        archive.add(source, source.name)
    return target


def test_a_directory_is_imported_with_every_file_and_its_manifest(store, source):
    model = store.import_from(source)
    assert model.path.read_bytes() == FILES["model.gguf"]
    assert (model.folder / "doc" / "README.md").read_bytes() == b"hello"
    assert manifest.read(model.folder / "manifest.toml").licence == "Apache-2.0"
    assert [found.key for found in store.models()] == ["little@1"]
    assert source.joinpath("model.gguf").exists()


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.xz", "tar.bz2", "zip"])
def test_an_archive_is_imported_like_its_directory(store, source, tmp_path, ending):
    model = store.import_from(packed(source, tmp_path / f"model.{ending}"))
    assert model.path.read_bytes() == FILES["model.gguf"]
    assert (model.folder / "doc" / "README.md").read_bytes() == b"hello"
    assert not (model.folder / "manifest.json").exists()
    assert list((store.root / ".staging").iterdir()) == []


@pytest.mark.parametrize(
    ("files", "fields"), [(WHISPER, {"format": "ctranslate2", "role": "speech"}), (LLAMA, {"format": "safetensors"})]
)
def test_models_of_other_formats_are_given_to_engines_as_folders(store, tmp_path, files, fields):
    model = store.import_from(folder_of(tmp_path / "other", files, **fields))
    assert model.path == model.folder
    assert identity(model.path) == model.sha256


@pytest.mark.parametrize("position", [0, 7, -1])
@pytest.mark.parametrize("ending", ["", "tar.gz", "zip"])
def test_one_flipped_bit_is_found_at_import_and_nothing_is_left(store, source, tmp_path, position, ending):
    data = bytearray(FILES["model.gguf"])
    data[position] ^= 1
    (source / "model.gguf").write_bytes(data)
    with pytest.raises(ChecksumMismatch, match=r"checksum of model\.gguf"):
        store.import_from(packed(source, tmp_path / f"m.{ending}") if ending else source)
    assert nothing_is_left(store)


def test_one_flipped_bit_is_found_at_the_start_of_an_engine_even_when_size_and_time_are_unchanged(store, source):
    model = store.import_from(source)
    assert identity(model.path) == model.sha256
    before = model.path.stat()
    data = bytearray(model.path.read_bytes())
    data[-1] ^= 0x80
    model.path.write_bytes(data)
    os.utime(model.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ChecksumMismatch, match="Nothing is loaded"):
        identity(model.path)
    with pytest.raises(ChecksumMismatch):
        store.verify(model)
    with pytest.raises(ChecksumMismatch):
        store.use("chat", "little@1")
    assert store.active("chat") is None


@pytest.mark.parametrize("change", ["cut", "missing", "longer", "link"])
def test_a_file_that_is_not_the_one_of_the_manifest_is_refused(store, source, tmp_path, change):
    path = source / "model.gguf"
    if change == "cut":
        path.write_bytes(FILES["model.gguf"][:-1])
    elif change == "longer":
        path.write_bytes(FILES["model.gguf"] + b"x")
    else:
        path.rename(tmp_path / "elsewhere.gguf")
        if change == "link":
            path.symlink_to(tmp_path / "elsewhere.gguf")
    with pytest.raises((ChecksumMismatch, WeightsRefused), match=r"model\.gguf"):
        store.import_from(source)
    assert nothing_is_left(store)


def test_a_file_that_the_manifest_does_not_list_is_refused(store, source):
    (source / "extra.json").write_text("{}")
    with pytest.raises(WeightsRefused, match=r"does not list extra\.json"):
        store.import_from(source)
    assert nothing_is_left(store)


def test_a_directory_without_a_manifest_says_how_to_write_one(store, source):
    (source / "manifest.json").unlink()
    with pytest.raises(ManifestRefused) as refusal:
        store.import_from(source)
    assert "ostrov models manifest" in refusal.value.remedy


@pytest.mark.parametrize(
    ("files", "fields"),
    [
        ({"model.gguf": gguf(cut=4)}, {}),
        ({"model.gguf": gguf(version=9)}, {}),
        ({"model.gguf": gguf({})}, {}),
        ({"model.gguf": b"GGUF"}, {}),
        ({"model.gguf": safetensors()}, {}),
        ({**LLAMA, "model.safetensors": safetensors(cut=1)}, {"format": "safetensors"}),
        ({**LLAMA, "model.safetensors": safetensors(said=15)}, {"format": "safetensors"}),
        ({**LLAMA, "model.safetensors": b"\xff" * 64}, {"format": "safetensors"}),
        ({**LLAMA, "model.safetensors": gguf()}, {"format": "safetensors"}),
        ({"model.safetensors": safetensors()}, {"format": "safetensors"}),
        (
            {**LLAMA, "m.safetensors.index.json": b'{"weight_map": {"w": "absent.safetensors"}}'},
            {"format": "safetensors"},
        ),
        ({**WHISPER, "model.bin": b"\x80\x04" + b"x" * 3000}, {"format": "ctranslate2", "role": "speech"}),
    ],
)
def test_weights_whose_header_makes_no_sense_are_refused_though_their_checksum_is_right(store, tmp_path, files, fields):
    with pytest.raises(WeightsRefused):
        store.import_from(folder_of(tmp_path / "odd", files, **fields))
    assert nothing_is_left(store)


def tar_with(path: Path, source: Path, entry: tarfile.TarInfo, data: bytes = b"") -> Path:
    """A right archive with one more member in front."""
    with tarfile.open(path, "w") as archive:
        archive.addfile(entry, io.BytesIO(data))
        archive.add(source, ".")
    return path


def member(name: str, *, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.linkname = kind, size, link
    return entry


@pytest.mark.parametrize(
    "entry",
    [
        member("../outside.json"),
        member("a/../../outside.json"),
        member("/tmp/outside.json"),
        member("link", kind=tarfile.SYMTYPE, link="/etc/passwd"),
        member("link", kind=tarfile.LNKTYPE, link="model.gguf"),
        member("pipe", kind=tarfile.FIFOTYPE),
        member("disk", kind=tarfile.BLKTYPE),
    ],
    ids=lambda entry: f"{entry.name}-{entry.type!r}",
)
def test_an_archive_that_reaches_outside_or_holds_links_is_refused(store, source, tmp_path, entry):
    with pytest.raises(WeightsRefused):
        store.import_from(tar_with(tmp_path / "evil.tar", source, entry))
    assert nothing_is_left(store)
    assert not list(tmp_path.rglob("outside.json"))


@pytest.mark.parametrize("name", ["../outside.json", "/tmp/outside.json", "a\\..\\..\\outside.json"])
def test_a_zip_that_reaches_outside_is_refused(store, source, tmp_path, name):
    path = packed(source, tmp_path / "m.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    with pytest.raises(WeightsRefused):
        store.import_from(path)
    assert nothing_is_left(store)


def test_a_zip_with_a_link_is_refused(store, source, tmp_path):
    path = packed(source, tmp_path / "m.zip")
    entry = zipfile.ZipInfo("link.json")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, b"/etc/passwd")
    with pytest.raises(WeightsRefused, match="link or a device"):
        store.import_from(path)


def test_an_archive_made_to_fill_the_disk_is_refused_before_it_does(store, source, tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros.gguf", "w") as zeros:
        for _ in range(320):
            zeros.write(bytes(1_000_000))
    with pytest.raises(WeightsRefused, match="far more than weights"):
        store.import_from(path)
    assert nothing_is_left(store)


@pytest.mark.parametrize("cut", [100, 300, 900])
@pytest.mark.parametrize("ending", ["tar", "tar.gz", "zip"])
def test_an_archive_that_was_cut_short_is_refused(store, source, tmp_path, ending, cut):
    path = packed(source, tmp_path / f"model.{ending}")
    data = path.read_bytes().rstrip(b"\0")
    path.write_bytes(data[: -min(cut, len(data) // 2)])
    with pytest.raises((WeightsRefused, ManifestRefused, ChecksumMismatch)):
        store.import_from(path)
    assert nothing_is_left(store)


def test_a_file_that_is_no_archive_is_refused_with_the_ways_that_work(store, tmp_path):
    path = tmp_path / "model.tar.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + b"x" * 100)
    with pytest.raises(WeightsRefused) as refusal:
        store.import_from(path)
    assert "zstd -d" in refusal.value.remedy


def test_an_import_that_was_stopped_leaves_nothing_and_can_be_begun_again(store, source):
    stop = threading.Event()
    with pytest.raises(Interrupted):
        store.import_from(source, lambda *_: stop.set(), stop)
    assert nothing_is_left(store)
    assert store.import_from(source).key == "little@1"


def test_what_a_killed_import_left_is_removed_by_the_next(store, source):
    left = store.root / ".staging" / "tmpabc"
    left.mkdir(parents=True)
    (left / "model.gguf").write_bytes(b"half")
    assert store.models() == []
    store.import_from(source)
    assert not left.exists()


def test_two_changes_at_once_are_refused_and_not_mixed(store, source):
    with store._locked(), pytest.raises(StoreRefused, match="Another command"):
        store.import_from(source)


def test_the_same_version_cannot_come_twice(store, source):
    store.import_from(source)
    with pytest.raises(StoreRefused, match="already"):
        store.import_from(source)


def test_a_model_larger_than_the_disk_is_refused_before_it_is_copied(store, tmp_path):
    folder = folder_of(tmp_path / "huge", FILES)
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace(f'"size": {len(FILES["model.gguf"])}', '"size": 9' + "0" * 15))
    with pytest.raises(StoreRefused, match="disk"):
        store.import_from(folder)


def test_two_versions_stand_side_by_side_and_the_link_says_which_one_serves(store, tmp_path):
    first = store.import_from(folder_of(tmp_path / "one", FILES))
    second = store.import_from(folder_of(tmp_path / "two", {"model.gguf": gguf({"c": 9})}, version="2"))
    assert store.active("chat") is None
    store.use("chat", "little@1")
    assert active("chat", store.root) == first
    store.use("chat", "little@2")
    assert store.active("chat") == second
    assert not (store.root / "active" / "chat").readlink().is_absolute()
    assert (store.root / "active" / "chat").resolve() == second.folder
    with pytest.raises(StoreRefused, match="several versions"):
        store.get("little")


def test_a_model_that_serves_cannot_be_removed_and_one_that_does_not_can(store, tmp_path):
    store.import_from(folder_of(tmp_path / "one", FILES))
    store.import_from(folder_of(tmp_path / "two", FILES, version="2"))
    store.use("chat", "little@1")
    store.use("fast", "little@1")
    with pytest.raises(StoreRefused, match="chat, fast"):
        store.remove("little@1")
    store.remove("little@2")
    assert [model.key for model in store.models()] == ["little@1"]
    store.use("chat", "little@1")


def test_a_model_cannot_serve_a_role_that_it_was_not_made_for(store, source):
    store.import_from(source)
    with pytest.raises(StoreRefused, match="cannot serve speech"):
        store.use("speech", "little@1")


def test_an_unknown_model_is_refused_with_the_known_ones(store, source):
    store.import_from(source)
    with pytest.raises(StoreRefused) as refusal:
        store.get("large@1")
    assert "little@1" in refusal.value.remedy


def test_a_manifest_is_written_for_a_directory_that_has_none(store, source):
    (source / "manifest.json").unlink()
    fields = {"name": "mine", "version": "1", "role": "chat", "licence": "MIT", "source": "trained here"}
    found = describing.describe(source, fields)
    (source / "manifest.toml").write_text(manifest.as_toml(found))
    assert {file.name for file in found.file} == set(FILES)
    assert store.import_from(source).sha256 == found.sha256


def test_a_directory_with_code_or_pickles_gets_no_manifest(source):
    (source / "manifest.json").unlink()
    (source / "modeling.py").write_text("import os")
    with pytest.raises(WeightsRefused, match=r"modeling\.py"):
        describing.describe(source, {})


def test_weights_from_elsewhere_have_the_hash_of_their_bytes(tmp_path):
    path = tmp_path / "own.gguf"
    path.write_bytes(gguf())
    assert identity(path) == sha(gguf())
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsRefused):
        identity(tmp_path / "empty")


def modes(store: ModelStore) -> set[int]:
    """Return the rights of everything in a store but its lock and its staging area."""
    private = {store.root / ".lock", store.root / ".staging"}
    found = [path for path in store.root.rglob("*") if path not in private and not path.is_symlink()]
    return {stat.S_IMODE(path.stat().st_mode) for path in found}


def test_a_store_that_is_open_to_its_group_gives_it_every_model_and_others_none(store: ModelStore, source: Path):
    store.root.mkdir(mode=0o750)
    model = store.import_from(source)
    store.use("chat", model.key)
    assert modes(store) == {0o750, 0o640}


def test_a_store_of_one_person_stays_closed_to_all_others(store: ModelStore, source: Path):
    model = store.import_from(source)
    store.use("chat", model.key)
    closed = (store.root, model.folder, store.root / "active")
    assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in closed)
