"""A bundle is taken whole, rightly signed and at the right time, or not at all."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.release import reading, signing, verifying
from tests.appliance.release.conftest import CONTENT, NOW, Maker, make_key, trust

ANY_PLACE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HALVES = ("verifying.py", "reading.py")


def verify(make: Maker, bundle: Path, state: Path | None = None, **more: object) -> verifying.Verified:
    return verifying.verify(bundle, make.signers, state, **{"now": NOW, **more})


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_good_bundle_is_unpacked_as_it_was_packed(make: Maker, tmp_path: Path) -> None:
    target = tmp_path / "bundles" / "1.0.0"
    found = verify(make, make.bundle(), extract=target)
    assert found.manifest.version == "1.0.0"
    assert found.key_id == signing.key_id(make.key)
    unpacked = tree(target)
    assert {name: unpacked.pop(name) for name in CONTENT} == CONTENT
    assert unpacked.keys() == {"manifest.json", "manifest.json.sig"}
    assert [path.name for path in target.parent.iterdir()] == ["1.0.0"]


def test_what_is_unpacked_can_be_read_by_all_and_written_by_its_owner_alone(make: Maker, tmp_path: Path) -> None:
    verify(make, make.bundle(), extract=tmp_path / "x")
    modes = {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "x").rglob("*") if path.is_file()}
    folders = {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "x").rglob("*") if path.is_dir()}
    assert (modes, folders, oct((tmp_path / "x").stat().st_mode & 0o777)) == ({"0o644"}, {"0o755"}, "0o755")


def test_any_tar_program_can_list_a_bundle(make: Maker) -> None:
    with tarfile.open(make.bundle()) as archive:
        assert archive.getnames() == ["manifest.json", "manifest.json.sig", *sorted(CONTENT)]


@ANY_PLACE
@given(data=st.data())
def test_a_bundle_with_any_byte_changed_is_refused(make: Maker, data: st.DataObject) -> None:
    bundle = make.folder / "made.bundle"
    good = bundle.read_bytes() if bundle.exists() else make.bundle().read_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    change = data.draw(st.integers(1, 255))
    changed = make.folder / "changed.bundle"
    changed.write_bytes(good[:place] + bytes([good[place] ^ change]) + good[place + 1 :])
    with pytest.raises(reading.Refusal):
        verify(make, changed)


@ANY_PLACE
@given(data=st.data())
def test_a_bundle_cut_anywhere_is_refused_as_cut(make: Maker, data: st.DataObject) -> None:
    bundle = make.folder / "made.bundle"
    good = bundle.read_bytes() if bundle.exists() else make.bundle().read_bytes()
    cut = make.folder / "cut.bundle"
    cut.write_bytes(good[: data.draw(st.integers(0, len(good) - 1))])
    with pytest.raises(reading.Truncated):
        verify(make, cut, extract=make.folder / "target")
    assert not list(make.folder.glob("*target*"))


def test_no_spelling_of_the_signature_but_its_own_is_taken(make: Maker) -> None:
    # ssh-keygen takes each of these; whoever changed one cannot forge anything, but the bytes are not the builder's.
    signature = signing.sign(make.manifest(CONTENT), make.key)
    for other in (signature + b"\n", signature.replace(b"\n", b"\r\n"), b"x\n" + signature, signature.rstrip(b"\n")):
        with pytest.raises(reading.Refusal):
            verify(make, make.bundle(signature=other))


def test_something_appended_is_refused(make: Maker) -> None:
    bundle = make.bundle()
    with bundle.open("ab") as sink:
        sink.write(bytes(1))
    with pytest.raises(reading.Tampered, match="appended"):
        verify(make, bundle)


def test_a_changed_file_is_named(make: Maker) -> None:
    manifest = make.manifest(CONTENT)
    changed = CONTENT | {"wheels/requirements.lock": b"ostrov==1.0.1\n"}
    with pytest.raises(reading.Tampered, match=r"wheels/requirements\.lock"):
        verify(make, make.bundle(changed, manifest=manifest), extract=make.folder / "target")
    assert not list(make.folder.glob("*target*"))


def test_a_file_that_the_manifest_does_not_name_is_refused(make: Maker) -> None:
    manifest = make.manifest(CONTENT)
    for name in ("apt/evil.deb", "zzz"):
        with pytest.raises(reading.ExtraMember, match=name):
            verify(make, make.bundle(CONTENT | {name: b"evil"}, manifest=manifest))


def test_a_file_that_is_missing_is_named(make: Maker) -> None:
    manifest = make.manifest(CONTENT)
    for name in CONTENT:
        with pytest.raises(reading.MissingMember):
            verify(make, make.bundle({path: data for path, data in CONTENT.items() if path != name}, manifest=manifest))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../../etc/cron.d/evil", tarfile.REGTYPE),
        ("/etc/cron.d/evil", tarfile.REGTYPE),
        ("apt/Packages", tarfile.SYMTYPE),
        ("apt/Packages", tarfile.LNKTYPE),
        ("apt/Packages", tarfile.CHRTYPE),
        ("apt/Packages", tarfile.FIFOTYPE),
        ("apt", tarfile.DIRTYPE),
    ],
)
def test_a_member_that_is_no_plain_file_inside_is_refused(make: Maker, name: str, kind: bytes) -> None:
    good = make.bundle().read_bytes()
    place = good.index(reading.header("apt/Packages", 0))
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
    bundle = make.folder / "unsafe.bundle"
    bundle.write_bytes(good[:place] + info.tobuf(tarfile.GNU_FORMAT) + good[place:])
    with pytest.raises(reading.UnsafeMember):
        verify(make, bundle, extract=make.folder / "target")
    assert not list(make.folder.glob("*target*"))


@pytest.mark.parametrize("path", ["../x", "/x", "a/../x", "a//x", ".", "a/", "manifest.json", "a b", "a\nb", "-x"])
def test_a_signed_manifest_may_not_name_an_unsafe_path_either(make: Maker, path: str) -> None:
    entry = {"sha256": "0" * 64, "size": 0}
    with pytest.raises(reading.UnsafeMember):
        verify(make, make.bundle({}, manifest=make.manifest({}, files={path: entry})))


def test_a_key_that_is_not_trusted_is_refused(make: Maker, tmp_path: Path) -> None:
    trust(make.signers, make_key(tmp_path, "somebody-else"))
    with pytest.raises(reading.UntrustedKey):
        verify(make, make.bundle())


def test_a_key_that_was_trusted_for_something_else_is_refused(make: Maker) -> None:
    make.signers.write_text(make.signers.read_text().replace("ostrov-bundle", "git"))
    with pytest.raises(reading.BadSignature):
        verify(make, make.bundle())


def test_the_signature_of_another_manifest_is_refused(make: Maker) -> None:
    other = signing.sign(make.manifest(CONTENT, version="2.0.0"), make.key)
    with pytest.raises(reading.BadSignature):
        verify(make, make.bundle(signature=other))


def test_a_manifest_that_names_another_key_is_refused(make: Maker) -> None:
    with pytest.raises(reading.UntrustedKey, match="SHA256:other"):
        verify(make, make.bundle(manifest=make.manifest(CONTENT, key_id="SHA256:other")))


def test_an_expired_bundle_is_refused_unless_it_is_what_is_installed(
    make: Maker, remember: Callable[..., Path]
) -> None:
    late = NOW + timedelta(days=200)
    with pytest.raises(reading.Expired, match="2026-09-09"):
        verify(make, make.bundle(), now=late)
    with pytest.raises(reading.Expired):
        verify(make, make.bundle(), remember("0.9.0"), now=late)
    assert verify(make, make.bundle(), remember("1.0.0"), now=late).manifest.version == "1.0.0"


def test_a_clock_that_is_behind_the_builders_is_told_of(make: Maker) -> None:
    with pytest.raises(reading.ClockBehind, match="2026-05-31"):
        verify(make, make.bundle(), now=NOW - timedelta(days=3))
    assert verify(make, make.bundle(), now=NOW - timedelta(days=1, minutes=5))


def test_an_older_release_is_refused_when_a_newer_one_of_its_key_was_here(
    make: Maker, remember: Callable[..., Path]
) -> None:
    state = remember("1.0.0", **{signing.key_id(make.key): "1.1.0"})
    with pytest.raises(reading.OlderThanSeen, match=r"1\.1\.0"):
        verify(make, make.bundle(), state)
    assert verify(make, make.bundle(), state, allow_older=True)
    assert verify(make, make.bundle(version="1.1.0"), state)


def test_a_new_key_cannot_bring_an_older_release_than_the_installed_one(
    make: Maker, remember: Callable[..., Path]
) -> None:
    with pytest.raises(reading.OlderThanSeen):
        verify(make, make.bundle(), remember("1.0.1", **{"SHA256:another": "1.0.1"}))


def test_a_release_candidate_comes_before_its_release(make: Maker, remember: Callable[..., Path]) -> None:
    with pytest.raises(reading.OlderThanSeen):
        verify(make, make.bundle(version="1.0.0rc2"), remember("1.0.0"))
    assert verify(make, make.bundle(), remember("1.0.0rc2"))


def test_an_installed_release_that_is_too_far_behind_is_told_the_way(
    make: Maker, remember: Callable[..., Path]
) -> None:
    with pytest.raises(reading.TooFarBehind) as refused:
        verify(make, make.bundle(), remember("0.8.9"))
    assert refused.value.remedy == "Update to 0.9.0 first."


def test_a_bundle_of_another_format_is_refused_before_the_rest_of_its_manifest_is_read(make: Maker) -> None:
    with pytest.raises(reading.UnsupportedFormat, match="format 2"):
        verify(make, make.bundle({}, manifest=json.dumps({"format": 2}).encode()))


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"format": 1}', b'{"format": 1, "files": []}', b"\xff"])
def test_a_signed_manifest_that_makes_no_sense_is_refused(make: Maker, content: bytes) -> None:
    with pytest.raises(reading.NotABundle):
        verify(make, make.bundle({}, manifest=content))


@pytest.mark.parametrize("version", ["1.0", "1.0.0.0", "1.0.0-1", "v1.0.0", "", "1.0.0\n", "١.0.0"])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="no version"):
        verifying.version_key(version)


@pytest.mark.parametrize("content", [b"x" * 600, b"PK\x03\x04" + bytes(1000), bytes(2048)])
def test_a_file_that_is_no_bundle_is_told_so(make: Maker, content: bytes) -> None:
    (make.folder / "other").write_bytes(content)
    with pytest.raises(reading.NotABundle, match="no bundle"):
        verify(make, make.folder / "other")


def test_a_tar_that_starts_with_something_else_is_no_bundle(make: Maker) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("manifest.json"))
    (make.folder / "other").write_bytes(buffer.getvalue()[:512].replace(b"0000644", b"0000777") + bytes(9000))
    with pytest.raises(reading.NotABundle):
        verify(make, make.folder / "other")


def test_a_missing_bundle_and_missing_keys_are_told_of(make: Maker) -> None:
    with pytest.raises(reading.NotABundle, match="No such file"):
        verify(make, make.folder / "nothing")
    bundle = make.bundle()
    make.signers.unlink()
    with pytest.raises(reading.Misconfigured, match="allowed_signers"):
        verify(make, bundle)


@pytest.mark.parametrize(
    "content", ["", "{}", '{"installed": "new", "highest": {}}', '{"installed": null, "highest": 3}']
)
def test_a_state_that_cannot_be_read_is_never_taken_for_a_new_server(make: Maker, content: str) -> None:
    state = make.folder / "state.json"
    state.write_text(content)
    with pytest.raises(reading.Misconfigured, match=r"state\.json"):
        verify(make, make.bundle(), state)


def test_a_target_that_is_there_is_left_alone(make: Maker, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(reading.NoRoom, match="there already"):
        verify(make, make.bundle(), extract=tmp_path / "target")
    assert not list((tmp_path / "target").iterdir())


def test_room_is_asked_for_before_anything_is_written(make: Maker, tmp_path: Path) -> None:
    manifest = make.manifest({}, files={"models/huge": {"sha256": "0" * 64, "size": 10**15}})
    with pytest.raises(reading.NoRoom, match="1,000,000,000 MB"):
        verify(make, make.bundle({}, manifest=manifest), extract=tmp_path / "sub" / "target")


def test_what_an_interrupted_unpacking_left_goes_away_with_the_next(make: Maker, tmp_path: Path) -> None:
    left = tmp_path / "x" / ".1.0.0.unpacking-abc"
    (left / "wheels").mkdir(parents=True)
    verify(make, make.bundle(), extract=tmp_path / "x" / "1.0.0")
    assert not left.exists()


def test_two_files_are_enough_on_a_bare_server(make: Maker, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in HALVES:
        shutil.copy2(Path(verifying.__file__).with_name(name), bare)
    target = tmp_path / "unpacked"
    now = {"built_at": "2020-01-01T00:00:00+00:00", "expires_at": "2999-01-01T00:00:00+00:00"}
    bundle = make.bundle(manifest=make.manifest(CONTENT, **now))
    command = [sys.executable, "-I", str(bare / "verifying.py"), str(bundle), "--signers", str(make.signers), "--json"]
    good = subprocess.run([*command, "--extract", str(target)], capture_output=True, text=True, check=False)
    assert (good.returncode, json.loads(good.stdout)["verdict"]) == (0, "good"), good.stderr
    assert tree(target).keys() > CONTENT.keys()
    bundle.write_bytes(bundle.read_bytes()[:-1])
    bad = subprocess.run(command, capture_output=True, text=True, check=False)
    told = json.loads(bad.stdout)
    assert (bad.returncode, told["verdict"], told["code"]) == (3, "refused", "truncated")
    assert told["remedy"]
