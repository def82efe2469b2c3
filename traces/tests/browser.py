# SPDX-License-Identifier: GPL-2.0-or-later
"""A headless Chromium, driven through its DevTools protocol on a pair of pipes."""
import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
         "--disable-background-timer-throttling", "--disable-quic",
         "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", "about:blank"]


def find():
    """Path of the browser, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One page; use it with `with`."""

    GRACE = 5   # seconds that it gets to end by itself

    def __init__(self, width=1600, height=1000, timeout=300):
        self.timeout = timeout
        self.number = 0
        self.buffer = b""
        self.session = None
        self.errors = []
        with contextlib.ExitStack() as stack:
            self._start(stack, width, height)
            self._attach(width, height)
            self._clean_up = stack.pop_all()    # it stays, since the start went well

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._clean_up.close()

    def _start(self, stack, width, height):
        """Start it; the stack ends it and removes what it left."""
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        to_child, output = os.pipe()
        self.output = stack.enter_context(open(output, "wb", buffering=0))
        self.input, from_child = os.pipe()
        stack.callback(os.close, self.input)
        try:
            self.process = subprocess.Popen(
                ["sh", "-c", f'exec "$@" 3<&{to_child} 4>&{from_child}', "sh", find(),
                 f"--user-data-dir={folder}", f"--window-size={width},{height}", *FLAGS],
                pass_fds=(to_child, from_child), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        finally:
            os.close(to_child)
            os.close(from_child)
        stack.callback(self._end)

    def _end(self):
        """A browser whose pipe closes ends by itself, if it is well."""
        self.output.close()
        try:
            self.process.wait(self.GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _attach(self, width, height):
        """Find the page and have it tell what happens there."""
        self.session = self.call("Target.attachToTarget", targetId=self._first_page(),
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.bringToFront")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def _first_page(self):
        """The page that the browser starts with. A second one might lie under it, and a page
        that is not visible draws no frames."""
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline:
            for target in self.call("Target.getTargets")["targetInfos"]:
                if target["type"] == "page":
                    return target["targetId"]
            time.sleep(0.05)
        raise TimeoutError("the browser shows no page")

    def _message(self, deadline, awaited):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.input], [], [], left)[0]:
                raise TimeoutError(f"the browser does not answer to {awaited}")
            data = os.read(self.input, 1 << 20)
            if not data:
                raise RuntimeError("the browser has ended")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, **params):
        """Call a method of the protocol; errors of the page that come in between are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.output.write(json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.timeout
        while True:
            answer = self._message(deadline, f"{method} {str(params)[:100]}")
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(answer["params"]["exceptionDetails"].get("exception", {})
                                   .get("description", "an exception"))
            elif answer.get("method") == "Network.requestWillBeSent":
                self.errors += [f"asked for {u}" for u in [answer["params"]["request"]["url"]]
                                if not u.startswith(("file:", "about:", "data:", "blob:"))]
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def open(self, path, query=""):
        """Load a file and wait until its script says that it is ready."""
        self.call("Page.navigate", url=f"file://{os.path.abspath(path)}{query}")
        deadline = time.monotonic() + self.timeout
        while not self.run("location.protocol === 'file:' && !!window.ready"):
            if time.monotonic() > deadline:
                raise TimeoutError("the page does not load")
            time.sleep(0.05)
        return self.run("window.ready.then(() => document.title)")

    def run(self, script):
        """The value of an expression in the page, promises awaited."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {})
                               .get("description", "an exception in the page"))
        return result["result"].get("value")

    def mouse(self, kind, x, y, **more):
        """A mouse event: mousePressed, mouseReleased, mouseMoved or mouseWheel."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def key(self, key):
        """Press and release a key."""
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def screenshot(self, path):
        """Write a PNG of the window."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
