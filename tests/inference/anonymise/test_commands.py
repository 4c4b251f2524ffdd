"""`ostrov anonymise` as a program reads standard input."""

import json
import subprocess
import sys


def run(*arguments, given):
    program = [
        sys.executable,
        "-W",
        "ignore",
        "-c",
        "from appliance.cli.main import main; main()",
        "anonymise",
        *arguments,
    ]
    return subprocess.run(program, input=given, capture_output=True, check=False)


def test_json_has_the_masked_text_and_places_in_the_input():
    text = "Звонил Иван Петров, +7 916 123-45-67"
    answer = json.loads(run("--lang", "ru", "--json", given=text.encode()).stdout)
    assert answer["text"] == "Звонил [PERSON_1], [PHONE_1]"
    assert [(span["class"], text[span["start"] : span["end"]]) for span in answer["spans"]] == [
        ("person", "Иван Петров"),
        ("phone", "+7 916 123-45-67"),
    ]


def test_bytes_that_are_no_utf8_are_refused_with_a_remedy():
    done = run(given="Звонил".encode("cp1251"))
    assert done.returncode == 1
    assert b"not UTF-8" in done.stderr
    assert b"iconv" in done.stderr
