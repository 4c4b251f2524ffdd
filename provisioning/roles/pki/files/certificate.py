"""Certificates of the server: the appliance's own authority, and checks of a company's certificate.

Needs Python's standard library and openssl. `issue` runs on the server, `check` on the controller too.
One line of result goes to standard output; a refusal goes to standard error with exit code 3.
"""

import argparse
import ipaddress
import itertools
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Refusal(Exception):
    """Something does not fit; the message says what was seen and what to do."""


def openssl(*arguments: str | Path, given: bytes | None = None) -> bytes:
    """What openssl prints; Refusal with its words when it fails."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True, check=False)
    if done.returncode:
        raise Refusal(f"openssl {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def is_good(*arguments: str | Path, given: bytes | None = None) -> bool:
    """Whether openssl agrees."""
    return (
        subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True, check=False).returncode == 0
    )


def parts(path: Path) -> list[bytes]:
    """The certificates of a PEM file, the server's own first."""
    try:
        found = PEM.findall(path.read_bytes())
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.") from None
    if not found:
        raise Refusal(
            f"{path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----). Convert it with `openssl x509`."
        )
    return found


def names_of(certificate: bytes) -> set[str]:
    """The names and addresses that a certificate covers."""
    text = openssl("x509", "-noout", "-ext", "subjectAltName", given=certificate).decode()
    entries = [entry.strip().partition(":") for line in text.splitlines()[1:] for entry in line.split(",")]
    return {address(value) if kind == "IP Address" else value.lower() for kind, _, value in entries if value}


def address(text: str) -> str:
    """One form for an address."""
    return str(ipaddress.ip_address(text.strip()))


def end_of(certificate: bytes) -> datetime:
    """When a certificate ends."""
    text = openssl("x509", "-noout", "-enddate", given=certificate).decode().strip().partition("=")[2]
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)


def covers(name: str, covered: set[str]) -> bool:
    """Whether a name is among those covered, a star standing for one label."""
    name = name.lower()
    return name in covered or ("." in name and "*." + name.partition(".")[2] in covered)


def fits(certificate: bytes, key: Path) -> bool:
    """Whether a key is the certificate's."""
    public = openssl("x509", "-noout", "-pubkey", given=certificate)
    return openssl("pkey", "-in", key, "-passin", "pass:", "-pubout") == public


def check(options: argparse.Namespace) -> str:
    """Refuse a certificate that does not fit its key, its names, its issuers or the time."""
    chain = parts(options.certificate)
    if not options.key.is_file():
        raise Refusal(
            f"The key {options.key} is not a file. Set ostrov_certificate_key to the key of {options.certificate}."
        )
    try:
        fitting = fits(chain[0], options.key)
    except Refusal:
        raise Refusal(f"{options.key} is not a private key in PEM form without a passphrase.") from None
    if not fitting:
        raise Refusal(
            f"The key {options.key} is not the key of the first certificate in {options.certificate}. "
            "Give the key that the certificate was asked for with; the server's own certificate stands first."
        )
    end, now = end_of(chain[0]), datetime.now(UTC)
    if end <= now:
        raise Refusal(f"The certificate {options.certificate} ended on {end:%Y-%m-%d}. Ask for a new one.")
    missing = [name for name in options.names.split(",") if name and not covers(name, names_of(chain[0]))]
    if missing:
        raise Refusal(
            f"The certificate {options.certificate} does not cover {', '.join(missing)}; it covers "
            f"{', '.join(sorted(names_of(chain[0]))) or 'no name at all'}. "
            "Set ostrov_domain to one of these or ask for another one."
        )
    with tempfile.TemporaryDirectory() as folder:
        for number, (lower, upper) in enumerate(itertools.pairwise(chain), 1):
            issuer, issued = Path(folder, "issuer.pem"), Path(folder, "issued.pem")
            issuer.write_bytes(upper)
            issued.write_bytes(lower)
            if not is_good("verify", "-partial_chain", "-trusted", issuer, issued):
                raise Refusal(
                    f"Certificate {number} in {options.certificate} is not issued by certificate {number + 1}. "
                    "Put the server's certificate first, then each issuer after the one that it has issued."
                )
    return f"good until {end:%Y-%m-%d}, {len(chain)} certificate(s)"


def subject(text: str) -> str:
    """A text as a value of openssl's configuration."""
    return re.sub(r"[^\w .,&-]", " ", text).strip()[:60] or "Ostrov"


def make_authority(options: argparse.Namespace, folder: Path) -> None:
    """A new authority that can vouch for these names and no others."""
    permitted = [f"permitted;DNS:{name}" for name in options.names.split(",") if name]
    for entry in options.addresses.split(","):
        if entry:
            parsed = ipaddress.ip_address(entry)
            permitted.append(
                f"permitted;IP:{parsed}/{'255.255.255.255' if parsed.version == 4 else ':'.join(['ffff'] * 8)}"
            )
    if not options.addresses:
        # Names without a rule for addresses would leave every address open.
        permitted += ["excluded;IP:0.0.0.0/0.0.0.0", "excluded;IP:::/::"]
    company, settings = subject(options.company), folder / "authority.cnf"
    settings.write_text(
        "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = rights\nutf8 = yes\nstring_mask = utf8only\n"
        f"[name]\nO = {company}\nCN = {company} CRM authority {datetime.now(UTC):%Y-%m}\n"
        "[rights]\nbasicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = critical, keyCertSign, cRLSign\n"
        f"subjectKeyIdentifier = hash\nnameConstraints = critical, {', '.join(permitted)}\n"
    )
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder / "ca.key")
    openssl(
        "req", "-x509", "-new", "-sha256", "-key", folder / "ca.key", "-config", settings,
        "-days", str(options.authority_days), "-out", folder / "ca.crt",
    )  # fmt: skip


def make_certificate(options: argparse.Namespace, folder: Path, authority: Path) -> None:
    """A new key and a certificate for all names, signed by the authority."""
    names = [f"DNS:{name}" for name in options.names.split(",") if name]
    names += [f"IP:{entry}" for entry in options.addresses.split(",") if entry]
    rights = folder / "server.cnf"
    rights.write_text(
        "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\nextendedKeyUsage = serverAuth\n"
        f"subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\nsubjectAltName = {', '.join(names)}\n"
    )
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder / "server.key")
    request = openssl("req", "-new", "-key", folder / "server.key", "-subj", f"/CN={options.names.split(',')[0]}")
    openssl(
        "x509", "-req", "-sha256", "-CA", authority / "ca.crt", "-CAkey", authority / "ca.key",
        "-set_serial", f"0x{os.urandom(16).hex()}", "-days", str(options.days), "-extfile", rights,
        "-out", folder / "server.crt", given=request,
    )  # fmt: skip
    if not is_good("verify", "-x509_strict", "-CAfile", authority / "ca.crt", folder / "server.crt"):
        raise Refusal(
            "The appliance's authority may not vouch for these names: "
            f"{options.names} {options.addresses}. It was made for others, and staff trust it for those alone. "
            "Keep the names, or move the folder private and ca.crt away, run this again, and let staff trust them."
        )


def reason_to_issue(options: argparse.Namespace, folder: Path) -> str:
    """Why a new certificate is needed; empty when the one that is there is good."""
    certificate, key = folder / "server.crt", folder / "server.key"
    if not certificate.is_file() or not key.is_file():
        return "there was none"
    try:
        own = parts(certificate)[0]
        if not fits(own, key):
            return "its key was another's"
        wanted = {name.lower() for name in options.names.split(",") if name}
        wanted |= {address(entry) for entry in options.addresses.split(",") if entry}
        if names_of(own) != wanted:
            return "its names had changed"
        if end_of(own) - datetime.now(UTC) < timedelta(days=options.renew_days):
            return f"it ended within {options.renew_days} days"
    except Refusal:
        return "it could not be read"
    return "" if is_good("verify", "-CAfile", folder / "ca.crt", certificate) else "it was not of this authority"


def put(source: Path, target: Path, mode: int) -> None:
    """Bring a file into place, whole or not at all."""
    draft = target.with_name(f".{target.name}.new")
    shutil.copyfile(source, draft)
    draft.chmod(mode)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(target)


def issue(options: argparse.Namespace) -> str:
    """Make what is missing or ends soon; the line says why, and is empty when nothing was made."""
    folder, private = options.directory, options.directory / "private"
    private.mkdir(mode=0o700, exist_ok=True)
    made = []
    with tempfile.TemporaryDirectory(dir=private) as name:
        draft = Path(name)
        if not ((private / "ca.key").is_file() and (folder / "ca.crt").is_file()):
            make_authority(options, draft)
            put(draft / "ca.key", private / "ca.key", 0o400)
            put(draft / "ca.crt", folder / "ca.crt", 0o644)
            made.append("a new authority")
        if why := reason_to_issue(options, folder):
            shutil.copyfile(private / "ca.key", draft / "ca.key")
            shutil.copyfile(folder / "ca.crt", draft / "ca.crt")
            make_certificate(options, draft, draft)
            put(draft / "server.key", folder / "server.key", 0o400)
            put(draft / "server.crt", folder / "server.crt", 0o644)
            made.append(f"a new certificate, because {why}")
    if made and options.tell:
        subprocess.run(["systemctl", "try-reload-or-restart", "--", *options.tell.split(",")], check=True)
    return " and ".join(made)


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(required=True)
    checking = verbs.add_parser("check")
    checking.add_argument("--certificate", type=Path, required=True)
    checking.add_argument("--key", type=Path, required=True)
    checking.set_defaults(run=check)
    issuing = verbs.add_parser("issue")
    issuing.add_argument("--directory", type=Path, required=True)
    issuing.add_argument("--addresses", default="")
    issuing.add_argument("--company", default="Ostrov")
    issuing.add_argument("--tell", default="", help="units that read the certificate anew, separated by commas")
    for name, days in (("--authority-days", 3650), ("--days", 397), ("--renew-days", 30)):
        issuing.add_argument(name, type=int, default=days)
    issuing.set_defaults(run=issue)
    for verb in (checking, issuing):
        verb.add_argument("--names", required=True, help="separated by commas")
    return parser


def main(given: list[str] | None = None) -> int:
    """See above."""
    os.umask(0o077)
    options = arguments().parse_args(given)
    try:
        line = options.run(options)
    except Refusal as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 3
    if line:
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
