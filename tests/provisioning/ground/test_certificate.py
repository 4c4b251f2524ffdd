"""Certificates of the appliance's own authority, and refusals of a company's certificate that does not fit."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[3] / "provisioning/roles/pki/files/certificate.py"
spec = importlib.util.spec_from_file_location("certificate", PROGRAM)
certificate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(certificate)

NAME = "crm.example.lan"


@pytest.fixture
def issue(tmp_path, capsys):
    """Ask for a certificate in a folder of its own; gives the exit code and what was said."""

    def ask(*more, names=NAME):
        code = certificate.main(["issue", "--directory", str(tmp_path), "--names", names, *more])
        said = capsys.readouterr()
        return code, said.out.strip() + said.err.strip()

    return ask


@pytest.fixture
def check(tmp_path, capsys):
    """Check a certificate; gives the exit code and what was said."""

    def ask(crt="server.crt", key="server.key", names=NAME):
        arguments = ["check", "--certificate", str(tmp_path / crt), "--key", str(tmp_path / key), "--names", names]
        code = certificate.main(arguments)
        said = capsys.readouterr()
        return code, said.out.strip() + said.err.strip()

    return ask


def verifies(folder, host):
    """Whether a client that trusts the authority takes the certificate for this host."""
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", host]
    command += ["-CAfile", folder / "ca.crt", folder / "server.crt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_first_run_makes_an_authority_and_a_certificate_that_clients_take(issue, tmp_path):
    code, said = issue("--addresses", "10.1.2.3", "--company", 'ООО "Ромашка", CN=evil')
    assert (code, "new authority" in said) == (0, True)
    assert verifies(tmp_path, NAME)
    assert not verifies(tmp_path, "bank.example")
    assert [oct(p.stat().st_mode & 0o777) for p in (tmp_path / "private", tmp_path / "private/ca.key")] == [
        "0o700",
        "0o400",
    ]
    assert oct((tmp_path / "server.key").stat().st_mode & 0o777) == "0o400"


def test_a_second_run_makes_nothing(issue, tmp_path):
    issue()
    before = (tmp_path / "server.crt").read_bytes(), (tmp_path / "ca.crt").read_bytes()
    assert issue() == (0, "")
    assert before == ((tmp_path / "server.crt").read_bytes(), (tmp_path / "ca.crt").read_bytes())


def test_a_certificate_is_renewed_before_its_end_and_the_authority_stays(issue, tmp_path):
    issue("--days", "20", "--renew-days", "10")
    authority = (tmp_path / "ca.crt").read_bytes()
    assert issue("--days", "20", "--renew-days", "10")[1] == ""
    code, said = issue("--days", "90", "--renew-days", "30")
    assert (code, "within 30 days" in said) == (0, True)
    assert (tmp_path / "ca.crt").read_bytes() == authority
    assert issue("--days", "90", "--renew-days", "30")[1] == ""


@pytest.mark.parametrize("names", ["crm.example.lan,bank.example", "other.lan"])
def test_the_authority_cannot_vouch_for_names_that_it_was_not_made_for(issue, tmp_path, names):
    issue()
    before = (tmp_path / "server.crt").read_bytes()
    code, said = issue(names=names)
    assert (code, "may not vouch" in said) == (3, True)
    assert (tmp_path / "server.crt").read_bytes() == before


def test_an_authority_of_names_alone_cannot_vouch_for_addresses(issue):
    issue()
    code, said = issue("--addresses", "10.0.0.1")
    assert (code, "may not vouch" in said) == (3, True)


@pytest.mark.parametrize("spoil", ["empty", "torn", "gone"])
def test_a_spoilt_certificate_is_made_anew(issue, tmp_path, spoil):
    issue()
    path = tmp_path / "server.crt"
    if spoil == "gone":
        path.unlink()
    else:
        path.write_bytes(b"" if spoil == "empty" else path.read_bytes()[:200])
    assert "a new certificate" in issue()[1]
    assert verifies(tmp_path, NAME)


def test_a_key_of_another_certificate_is_refused_with_a_remedy(issue, check, tmp_path):
    issue()
    assert check()[0] == 0
    code, said = check(key="private/ca.key")
    assert code == 3
    assert "is not the key of the first certificate" in said


def test_a_name_that_is_not_covered_is_refused_and_those_that_are_told(issue, check):
    issue()
    code, said = check(names="www.example.lan")
    assert code == 3
    assert "does not cover www.example.lan; it covers crm.example.lan" in said


def test_a_chain_in_the_wrong_order_is_refused(issue, check, tmp_path):
    issue()
    (tmp_path / "chain.pem").write_bytes((tmp_path / "server.crt").read_bytes() + (tmp_path / "ca.crt").read_bytes())
    assert check(crt="chain.pem")[0] == 0
    (tmp_path / "stranger").mkdir()
    certificate.main(["issue", "--directory", str(tmp_path / "stranger"), "--names", NAME])
    wrong = (tmp_path / "server.crt").read_bytes() + (tmp_path / "stranger/ca.crt").read_bytes()
    (tmp_path / "wrong.pem").write_bytes(wrong)
    code, said = check(crt="wrong.pem")
    assert code == 3
    assert "Certificate 1" in said


def test_a_certificate_that_has_ended_is_refused(check, tmp_path):
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", tmp_path / "server.key", "-out", tmp_path / "server.crt", "-subj", "/CN=x"]
    command += ["-addext", f"subjectAltName=DNS:{NAME}", "-days", "-1"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this openssl makes no certificates of the past")
    code, said = check()
    assert code == 3
    assert "ended on" in said


@pytest.mark.parametrize(
    "text", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_is_no_certificate_is_refused(issue, check, tmp_path, text):
    issue()
    (tmp_path / "bad.crt").write_text(text)
    code, said = check(crt="bad.crt")
    assert code == 3
    assert said


def test_a_star_stands_for_one_label():
    covered = {"*.example.lan"}
    assert certificate.covers("crm.example.lan", covered)
    assert not certificate.covers("a.b.example.lan", covered)
    assert not certificate.covers("example.lan", covered)
