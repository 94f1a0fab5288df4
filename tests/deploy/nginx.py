"""nginx with the configuration of docs/deploy.md, for other addresses."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.deploy.snippets import replaced, snippets
from tests.server import free_port

NAME = "playground.example.org"
# Its workers too, as the test: pytest's folders are closed to others.
_MAIN = """
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/playground.conf;
}}
"""


class Nginx:
    """Listens on `host`, on `port` with TLS and on `plain_port` without; `upstreams` are HOST:PORT."""

    def __init__(self, folder: Path, upstreams: Sequence[str], host: str = "127.0.0.1") -> None:
        self.host, self.port, self.plain_port = host, free_port(), free_port()
        self.base_url = f"https://{host}:{self.port}"
        self.ws_url = f"wss://{host}:{self.port}/ws/v1"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # its workers are another user
        certificate = self._make_certificate()
        first, *others = [f"    server 10.0.0.{n}:8000 max_fails=1 fail_timeout=5s;\n" for n in (1, 2, 3)]
        servers = [first.replace("10.0.0.1:8000", upstream) for upstream in upstreams]
        configuration = replaced(
            snippets()["nginx"],
            {
                "".join([first, *others]): "".join(servers),
                "listen 80;": f"listen {host}:{self.plain_port};",
                "listen 443 ssl": f"listen {host}:{self.port} ssl",
                "/etc/ssl/playground/fullchain.pem": str(certificate),
                "/etc/ssl/playground/privkey.pem": str(certificate.with_suffix(".key")),
            },
        )
        (folder / "playground.conf").write_text(configuration)
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder))

    @property
    def tls(self) -> ssl.SSLContext:
        """For clients: trusts the certificate, whatever the address that it is reached at."""
        context = ssl.create_default_context(cafile=str(self._folder / "certificate.pem"))
        context.check_hostname = False
        return context

    def check(self) -> str:
        """What `nginx -t` says."""
        done = subprocess.run([*self._command(), "-t"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def start(self) -> None:
        self._process = subprocess.Popen([*self._command(), "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1):
                return
            time.sleep(0.02)
        raise AssertionError((self._folder / "error.log").read_text())

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def _command(self) -> list[str]:
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        return [program, "-p", str(self._folder), "-c", str(self._folder / "nginx.conf"), "-e", "stderr"]

    def _make_certificate(self) -> Path:
        certificate = self._folder / "certificate.pem"
        names = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        files = ["-keyout", str(certificate.with_suffix(".key")), "-out", str(certificate)]
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        subprocess.run([*request, *names, *files], check=True, capture_output=True)
        return certificate


@contextlib.contextmanager
def running_nginx(folder: Path, upstreams: Sequence[str], host: str = "127.0.0.1") -> Iterator[Nginx]:
    nginx = Nginx(folder, upstreams, host)
    nginx.start()
    try:
        yield nginx
    finally:
        nginx.stop()
