"""Pages are read as a person reads them, and those that a test follows can be followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.provisioning.lab.places import CHECKOUT
from tests.provisioning.pages import ELLIPSIS, Typed, UnclearPageError, Written, missing, read, steps

PAGES = sorted((CHECKOUT / "docs").glob("*.md"))
TEXT = """
# A page

## First

Write `hosts.yml` on the controller:

```yaml
all:
  hosts:
```

```console
controller$ cd /srv/ostrov && \\
    ls
hosts.yml
controller$ true
```

```sh
never typed
```

## Second

```console
server# ostrov doctor
… ok …
exit code 1: there are warnings
```
"""


def test_what_is_typed_and_written_is_found_with_its_place_and_section() -> None:
    assert list(read(TEXT)) == [
        Written("controller", "hosts.yml", "all:\n  hosts:\n", "First", 9),
        Typed("controller", "cd /srv/ostrov && ls", ("hosts.yml",), "First", 14),
        Typed("controller", "true", (), "First", 17),
        Typed("server", "ostrov doctor", ("… ok …",), "Second", 27, 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "```console\nserver# true\n",
        "```console\nwhat is seen before anything is typed\n```\n",
        "```console\nserver# true \\\n```\n",
    ],
)
def test_a_page_that_nobody_could_follow_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(UnclearPageError, match=r"^line \d+: "):
        list(read(text))


@pytest.mark.parametrize(
    ("seen", "lost"),
    [
        (("one", "three"), None),
        (("t…e",), None),
        ((ELLIPSIS, "two  words"), None),
        (("three", "one"), "one"),
        (("on",), "on"),
        (("four",), "four"),
    ],
)
def test_the_output_of_a_page_is_found_in_its_order(seen: tuple[str, ...], lost: str | None) -> None:
    assert missing(seen, "one\n  two words\nthree\n") == lost


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_session_of_every_page_can_be_read(page: Path) -> None:
    steps(page)
