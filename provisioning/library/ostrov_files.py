"""Folders, files and links of one task, brought into their state in one go.

A task of Ansible for each file asks the server twice and more often than it changes anything: a run on a finished
server would spend its time on that. What differs is first written beside its place and checked, all of it; then it is
moved into place, so that a check that fails leaves every file as it was.
"""

from __future__ import annotations

import os
import shlex
import stat
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: ostrov_files
short_description: Folders, files and links, many in one go
description:
  - Brings files into their state in the order in which they are listed, and changes only what differs.
  - All new contents are written and checked before the first of them is moved into its place.
options:
  files:
    description: What there shall be.
    type: list
    elements: dict
    required: true
    suboptions:
      path: {description: Where., type: path, required: true}
      state:
        description:
          - V(file) is a file with the given contents; V(once) is left alone when it is there.
          - V(absent) takes a file or a link away, and refuses a folder.
        type: str
        choices: [file, once, directory, absent]
        default: file
      content: {description: Contents of the file., type: str}
      owner: {description: User., type: str, default: root}
      group: {description: Group., type: str, default: root}
      mode: {description: Octal mode; 0755 for a folder and 0644 for a file when it is not given., type: str}
      validate: {description: A command that accepts the new contents; %s is where they lie., type: str}
author: [Ostrov]
"""

EXAMPLES = r"""
- name: Write the settings
  ostrov_files:
    files:
      - {path: /etc/example, state: directory}
      - {path: /etc/example/main.conf, content: "{{ lookup('ansible.builtin.template', 'main.conf.j2') }}"}
"""

RETURN = r"""
paths:
  description: What was changed, or would be.
  type: list
  elements: str
  returned: always
"""

OPTIONS: dict[str, dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["file", "once", "directory", "absent"], "default": "file"},
    "content": {"type": "str", "no_log": False},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "mode": {"type": "str"},
    "validate": {"type": "str"},
}
MODES = {"directory": "0755"}


class Wanted:
    """One entry, compared with what is there."""

    def __init__(self, module: AnsibleModule, entry: dict[str, Any]) -> None:
        self.module = module
        self.path = Path(entry["path"])
        self.state: str = entry["state"]
        self.content = (entry["content"] or "").encode()
        self.validate: str | None = entry["validate"]
        mode = entry["mode"] or MODES.get(self.state, "0644")
        self.attributes = module.load_file_common_arguments({**entry, "path": str(self.path), "mode": mode})
        self.draft: Path | None = None
        self.before = self._look()

    def _look(self) -> bytes | None:
        """What the file holds; empty for a folder; None when nothing, or something else, is there."""
        try:
            kind = self.path.lstat().st_mode
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(kind) != (self.state == "directory") and not stat.S_ISLNK(kind):
            found = "a folder" if stat.S_ISDIR(kind) else "no folder"
            self.module.fail_json(msg=f"{self.path} is {found}: move it away and run this again")
        if stat.S_ISLNK(kind) and self.state == "directory":
            return b"" if self.path.is_dir() else None
        if stat.S_ISDIR(kind) or self.state == "absent":
            return b""
        # A link is replaced by a file of our own: what it leads to belongs to somebody else.
        return None if stat.S_ISLNK(kind) and self.state == "file" else self.path.read_bytes()

    @property
    def differs(self) -> bool:
        """Whether contents must be written, a folder made or something taken away."""
        if self.state == "absent":
            return self.before is not None
        return self.before is None or (self.state == "file" and self.before != self.content)

    def prepare(self) -> None:
        """Write the contents beside their place, in their final mode, and have them checked."""
        if not self.differs or self.state in {"directory", "absent"} or self.module.check_mode:
            return
        if not self.path.parent.is_dir():
            self.module.fail_json(msg=f"There is no folder {self.path.parent} for {self.path.name}")
        with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix=f".{self.path.name}.", delete=False) as file:
            self.draft = Path(file.name)
            file.write(self.content)
            file.flush()
            os.fsync(file.fileno())
        self.module.set_fs_attributes_if_different({**self.attributes, "path": str(self.draft)}, changed=False)
        if self.validate:
            words = shlex.split(self.validate.replace("%s", shlex.quote(str(self.draft))))
            code, output, errors = self.module.run_command(words)
            if code:
                self.module.fail_json(msg=f"{self.path} would not be accepted: {errors or output}", path=str(self.path))

    def apply(self) -> bool:
        """Bring it into its state; whether that changed anything, or would."""
        differs = self.differs
        if self.module.check_mode:
            there = self.before is not None and self.state != "absent"
            return differs or (there and self.module.set_fs_attributes_if_different(self.attributes, changed=False))
        if self.state == "absent":
            if differs:
                self.path.unlink()
            return differs
        if differs and self.state == "directory":
            self.path.mkdir()
        elif self.draft:
            self.draft.replace(self.path)
            self.draft = None
        return bool(self.module.set_fs_attributes_if_different(self.attributes, changed=differs))

    def discard(self) -> None:
        """Take a draft away that did not come into its place."""
        if self.draft:
            self.draft.unlink(missing_ok=True)

    def difference(self) -> dict[str, str]:
        """What `--diff` shows."""
        after = b"" if self.state == "absent" else self.content
        return {
            "before_header": str(self.path),
            "after_header": str(self.path),
            "before": (self.before or b"").decode(errors="replace"),
            "after": after.decode(errors="replace"),
        }


def main() -> None:
    """Run as a module of Ansible."""
    files = {"type": "list", "elements": "dict", "required": True, "options": OPTIONS}
    module = AnsibleModule(argument_spec={"files": files}, supports_check_mode=True)
    wanted = []
    try:
        changed = []
        for entry in module.params["files"]:
            one = Wanted(module, entry)
            wanted.append(one)
            # What later entries are put into, and what they are checked with.
            if one.state == "directory" and one.apply():
                changed.append(one)
        rest = [one for one in wanted if one.state != "directory"]
        for one in rest:
            one.prepare()
        changed += [one for one in rest if one.apply()]
    finally:
        for one in wanted:
            one.discard()
    module.exit_json(
        changed=bool(changed), paths=[str(one.path) for one in changed], diff=[one.difference() for one in changed]
    )


if __name__ == "__main__":
    main()
