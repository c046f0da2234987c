"""A passkey from making to removing, in a real browser with a virtual authenticator."""

import re
import shutil
import threading
from pathlib import Path

import pytest
from flask_migrate import upgrade
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from forum.accounts.service import passwords
from forum.app import create_app
from forum.config import load_settings
from forum.core.db import db, unit_of_work
from tests.cast import make_cast
from tests.live import free_port

PASSWORD = "vier blaue Elefanten"
expect.set_options(timeout=20_000)  # two cores are often busy

pytestmark = pytest.mark.browser


@pytest.fixture
def house(tmp_path):
    """The house at a name, as passkeys need it; Petra has a password."""
    url = f"http://localhost:{free_port()}"
    settings = load_settings(
        Path("no-such-file"),
        instance=tmp_path,
        secret_key="for tests only",
        database_url=f"sqlite:///{tmp_path / 'network.sqlite'}",
        public_url=url,
        rate_limits=False,
    )
    app = create_app(settings, publish_assets=False)
    app.testing = True
    with app.app_context():
        upgrade()
        cast = make_cast()
        with unit_of_work():
            passwords.set_password(cast.petra.id, PASSWORD)
    server = make_server("localhost", int(url.rpartition(":")[2]), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield url
    server.shutdown()
    thread.join()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def tab(house):
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser.new_context(base_url=house, locale="de-DE").new_page()
        browser.close()


class Authenticator:
    """A phone's key store that answers by itself."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = made["authenticatorId"]

    def recognises(self, person: bool) -> None:
        self._session.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": person}
        )

    def is_present(self, present: bool) -> None:
        self._session.send(
            "WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self._id, "enabled": present}
        )


def sign_out(page: Page) -> None:
    page.locator("header details.menu summary").click()
    page.get_by_role("button", name="Abmelden", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")


def test_a_passkey_is_made_opens_the_door_and_is_removed(tab):
    page = tab
    phone = Authenticator(page)
    page.goto("/sign-in")
    page.locator("input[name=email]").fill("petra@betrieb.example")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    page.wait_for_url("**/")

    page.goto("/account/passkeys/new")
    page.locator("input[name=name]").fill("Mein Telefon")
    page.locator("input[name=password]").fill("falsch geraten")
    page.get_by_role("button", name="Passkey anlegen").click()
    expect(page.locator(".error").first).to_contain_text("nicht dein jetziges Passwort")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Passkey anlegen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Deine Wiederherstellungscodes")
    expect(page.locator("#recovery-codes li")).to_have_count(10)

    phone.recognises(False)
    sign_out(page)
    page.get_by_role("button", name="Mit Passkey anmelden").click()
    expect(page.get_by_role("alert").filter(has_text="nicht geklappt")).to_be_visible()
    phone.recognises(True)
    page.get_by_role("button", name="Mit Passkey anmelden").click()
    page.wait_for_url("**/")

    page.goto("/account/security")
    expect(page.get_by_text("Mein Telefon", exact=True)).to_be_visible()
    page.get_by_role("button", name=re.compile("Entfernen.*Mein Telefon")).click()
    expect(page.get_by_text("Der Passkey ist entfernt.")).to_be_visible()
    # The browser offers the passkey inside the address field; this phone takes every offer by itself.
    sign_out(page)
    expect(page.get_by_text("Dieser Passkey wurde nicht angenommen").first).to_be_visible()
    phone.is_present(False)
    assert page.context.request.get("/account/security", max_redirects=0).status == 302
