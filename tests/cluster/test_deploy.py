"""What `deploy/` tells to run is what the product runs on."""

import re
import runpy
import subprocess
from pathlib import Path

import pytest
from gunicorn.config import Config

from deploy import cluster
from forum import cli
from forum.config import load_settings

pytestmark = pytest.mark.cluster

DEPLOY = cluster.HERE


def test_gunicorn_is_run_as_the_product_runs_it() -> None:
    given = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    parser = Config().parser()
    wanted = vars(parser.parse_args(cli.server_arguments(load_settings(), "127.0.0.1:8001")))
    told = {name: value for name, value in wanted.items() if value is not None and name != "bind"}
    assert told.pop("args") == [given["wsgi_app"]]
    assert {name: given.get(name) for name in told} == told


def test_nginx_takes_the_configuration_as_it_stands(tmp_path: Path) -> None:
    program = cluster.nginx_program()
    if program is None:
        pytest.skip("nginx is not installed (Debian: apt-get install nginx)")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=netzwerk.example",
         "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    site = (
        (DEPLOY / "nginx.conf").read_text().replace("/etc/letsencrypt/live/netzwerk.example", str(tmp_path))
    )
    (tmp_path / "site.conf").write_text(site)
    main = tmp_path / "nginx.conf"
    main.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ include {tmp_path}/site.conf; }}"
    )
    tried = subprocess.run([program, "-t", "-e", "stderr", "-c", main], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr


def test_for_one_machine_only_addresses_and_https_are_left_out_of_it() -> None:
    whole, plain = (DEPLOY / "nginx.conf").read_text(), cluster.site("127.0.0.1:9000", [9001, 9002])
    assert "listen 127.0.0.1:9000;" in plain
    assert not re.search("800[12]|ssl|301|netzwerk[.]example", plain)
    for line in (
        "client_max_body_size 410m;",
        "proxy_buffering off;",
        "proxy_set_header Upgrade $http_upgrade;",
    ):
        assert line in whole
        assert line in plain


def test_the_units_run_the_commands_there_are() -> None:
    told = re.findall(
        "^ExecStart=(.*)$", "\n".join(unit.read_text() for unit in DEPLOY.glob("*.service")), re.MULTILINE
    )
    commands = {line.removeprefix("/srv/network/.venv/bin/") for line in told}
    assert commands == {
        "flask --app wsgi prepare",
        "flask --app wsgi work",
        "flask --app wsgi mail receive",
        "gunicorn --config deploy/gunicorn.conf.py --bind 127.0.0.1:%i",
    }
