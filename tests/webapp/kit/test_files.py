"""Uploaded files on disk."""

from __future__ import annotations

import os
import time

from webapp.kit import files


def test_what_a_crash_left_of_uploads_is_swept_and_what_still_arrives_stays(tmp_path):
    old, fresh, kept = (tmp_path / name for name in (".arriving-old", ".arriving-fresh", "a" * 64))
    for path in (old, fresh, kept):
        path.write_bytes(b"half a call")
    long_ago = time.time() - 2 * files.LONGEST_UPLOAD_SECONDS
    os.utime(old, (long_ago, long_ago))
    os.utime(kept, (long_ago, long_ago))
    assert files.sweep(tmp_path) == 1
    assert {path.name for path in tmp_path.iterdir()} == {fresh.name, kept.name}
    assert files.sweep(tmp_path / "not there yet") == 0
