"""A real IMAP server of our own: a process in a folder, on a free port, with one mailbox."""

import datetime
import grp
import ipaddress
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "antwort", "ein-langes-passwort"
_NUMBERS = itertools.count(1)


def program() -> str | None:
    """Where Dovecot lies, if it is installed; Debian keeps servers where only root looks."""
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")


class Dovecot:
    """The server; `kill` and `start` as often as wanted, the mailbox stays."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="network-dovecot-"))
        self._folder.chmod(0o755)
        is_root = os.geteuid() == 0  # whose mail Dovecot does not keep
        self._owner = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
        self._home = self._folder / "home"
        for name in ("", "Maildir", "Maildir/cur", "Maildir/new", "Maildir/tmp"):
            (self._home / name).mkdir()
            os.chown(self._home / name, self._owner.pw_uid, self._owner.pw_gid)
        self.port, self.tls_port = _free_port(), _free_port()
        self.certificate = self._folder / "certificate.pem"
        self._make_certificate()
        (self._folder / "passwd").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        (self._folder / "passwd").chmod(0o644)
        self._write_settings(is_root)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        found = program()
        assert found is not None
        self._process = subprocess.Popen(
            [found, "-F", "-c", str(self._folder / "dovecot.conf")],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 15
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                    line.settimeout(5)
                    if line.recv(100).startswith(b"* OK"):
                        return
            except OSError:
                pass
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """As when the power fails: all its processes at once."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            shutil.rmtree(self._folder / "run", ignore_errors=True)

    def remove(self) -> None:
        """Stop it and take everything away."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def put(self, raw: bytes) -> None:
        """Lay a mail into the mailbox, as unread."""
        name = f"{int(time.time())}.M{next(_NUMBERS)}P1.host"
        file = self._home / "Maildir" / "tmp" / name
        file.write_bytes(raw)
        os.chown(file, self._owner.pw_uid, self._owner.pw_gid)
        file.rename(self._home / "Maildir" / "new" / name)

    def left(self) -> dict[str, bytes]:
        """The mails that lie there, by the flags that they bear."""
        files = [*(self._home / "Maildir" / "new").iterdir(), *(self._home / "Maildir" / "cur").iterdir()]
        return {
            f"{number}:{file.name.partition(':2,')[2]}": file.read_bytes()
            for number, file in enumerate(files)
        }

    def _make_certificate(self) -> None:
        """One that nobody vouches for but itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        today = datetime.datetime.now(datetime.UTC)
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=9))
            .add_extension(address, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (self._folder / "key.pem").write_bytes(key.private_bytes(*form))

    def _write_settings(self, is_root: bool) -> None:
        users = ""
        if not is_root:
            name, group = self._owner.pw_name, grp.getgrgid(self._owner.pw_gid).gr_name
            users = f"default_internal_user = {name}\ndefault_internal_group = {group}\ndefault_login_user = {name}\n"
        chroot = "" if is_root else "chroot =\n"
        (self._folder / "dovecot.conf").write_text(f"""
{users}
base_dir = {self._folder}/run
state_dir = {self._folder}/state
log_path = {self._folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{self.certificate}
ssl_key = <{self._folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0 secs
first_valid_uid = 1
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = {self._folder}/passwd
}}
userdb {{
  driver = static
  args = uid={self._owner.pw_uid} gid={self._owner.pw_gid} home={self._home}
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
  }}
}}
service anvil {{
  {chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
""")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
