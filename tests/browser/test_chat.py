"""The example of a chat, and sub-protocols, in Debian's Chromium."""

import subprocess
import sys

import pytest

from tests.esbsite.serving import PATIENCE, ROOT

pytestmark = pytest.mark.browser

OFFER = """([url, offered]) => new Promise(told => {
    const socket = new WebSocket(url, offered);
    socket.onopen = () => told(socket.protocol);
    socket.onerror = () => told("refused");
})"""


@pytest.fixture
def ports(free_port):
    """Of the WebSocket endpoint and of proxy services, while the example is served."""
    ports = free_port(), free_port()
    command = [sys.executable, ROOT / "examples" / "browser-chat" / "run.py", f"--main-port={free_port()}"]
    command += [f"--port={ports[0]}", f"--http-port={ports[1]}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert any("Serving until Ctrl-C." in line for line in serving.stdout)
        yield ports
        serving.terminate()
        serving.wait(PATIENCE)


def said(page):
    return page.locator("#said li").all_inner_texts()


def test_what_is_typed_in_one_window_is_read_in_the_other(browser, ports):
    context = browser.new_context()
    alice, bob = (context.new_page() for _ in range(2))
    for page in (alice, bob):
        page.goto(f"http://localhost:{ports[1]}/services/chatPage#garden")
        page.wait_for_selector("button:enabled")
    alice.fill("#text", "hello <b>you</b>")
    alice.press("#text", "Enter")
    for page in (alice, bob):
        page.wait_for_selector("#said li:nth-child(2)")
        assert said(page) == ["You are in garden.", "hello <b>you</b>"]
    context.close()


def test_a_browser_can_say_what_its_frames_hold(browser, ports):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://localhost:{ports[1]}/services/chatPage")
    url = f"ws://localhost:{ports[0]}/"
    assert page.evaluate(OFFER, [url, ["unknown", "synapse.json"]]) == "synapse.json"
    assert page.evaluate(OFFER, [url, ["unknown"]]) == "refused"  # by the browser, which wants one of its own
    context.close()


def test_a_page_of_another_host_may_not_connect(browser, ports):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{ports[1]}/services/chatPage")
    assert page.evaluate(OFFER, [f"ws://localhost:{ports[0]}/", []]) == "refused"
    context.close()
