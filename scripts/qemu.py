#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a hypervisor in QEMU, watch its serial line, and say how it went.

The one way Xenolith starts an emulator: a command for people and scripts, a module for test
runners (Machine, run). Serial bytes go to the log untouched, so that logs can be compared; lines
go to the screen with the host's time. The emulator never outlives this program.

Exit status: 0 the success expression was seen, 1 a failure expression was seen, 2 time ran out,
3 the emulator ended before either.
"""
import argparse
import contextlib
import ctypes
import dataclasses
import functools
import hashlib
import http.server
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SUCCESS, FAILURE, TIMEOUT, DIED = range(4)
NAMES = {SUCCESS: "success", FAILURE: "failure", TIMEOUT: "timeout", DIED: "emulator ended"}

# How long a machine may take to say all of why it failed, on a busy host.
REPORT_SECONDS = 120

# One tick an instruction on one shared virtual clock: the same run gives the same bytes.
ICOUNT = ["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm", "-seed", "1"]

REPO = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def cache_dir():
    """The folder that setup.sh fills."""
    return os.environ.get("XENOLITH_CACHE") or os.path.join(REPO, ".cache")


def image_dir():
    """The folder with the names of this checkout's boot images, links to files named by content.

    A cache inside the checkout serves it alone and has the names itself. In one that several
    checkouts share each has a folder of names of its own: otherwise all would boot what was built
    last, whoever built it.
    """
    images = os.path.join(cache_dir(), "img")
    inside = os.path.realpath(cache_dir()).startswith(os.path.realpath(REPO) + os.sep)
    digest = hashlib.sha256(os.path.realpath(REPO).encode()).hexdigest()[:12]
    return images if inside else os.path.join(images, "of-" + digest)


def find_qemu(program="qemu-system-x86_64"):
    """Path of the emulator: the fetched one, else the system's."""
    fetched = os.path.join(cache_dir(), "bin", program)
    path = fetched if os.access(fetched, os.X_OK) else shutil.which(program)
    if path is None:
        raise FileNotFoundError(f"no {program}: run scripts/setup.sh")
    return path


@dataclasses.dataclass
class Machine:
    """What to emulate. A module is a string: a file and its arguments, blank between.

    qmp: where to make the socket of QEMU's machine protocol, if anywhere.
    folder: where the emulator runs and relative paths begin ("" for here).
    """

    kernel: str = ""
    append: str = ""
    modules: list = dataclasses.field(default_factory=list)
    iso: str = ""
    machine: str = "q35"
    cpu: str = "EPYC,-monitor"
    smp: str = "1"
    mem: str = "2G"
    icount: bool = False
    extra: list = dataclasses.field(default_factory=list)
    qemu: str = ""
    qmp: str = ""
    folder: str = ""

    def accelerator(self):
        """One thread for all CPUs: with a thread for each, QEMU's SVM is not safe.

        Restoring FPU state on any CPU writes flags of the first one without a lock, among them
        whether nested paging is on (docs/emulators.md). With -icount there is one thread anyway.
        """
        several = int(re.search(r"\d+", self.smp).group()) > 1
        return "tcg,thread=single" if several and not self.icount else "tcg"

    def argv(self):
        """The emulator's command line. QEMU splits modules at commas; a doubled one is literal."""
        args = [self.qemu or find_qemu(), "-accel", self.accelerator(), "-machine", self.machine]
        args += ["-cpu", self.cpu, "-smp", self.smp, "-m", self.mem]
        args += ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-vga", "none"]
        args += ["-monitor", "none", "-serial", "stdio"]
        if self.qmp:
            args += ["-qmp", f"unix:{self.qmp.replace(',', ',,')},server=on,wait=off"]
        if self.icount:
            args += ICOUNT
        if self.kernel:
            args += ["-kernel", self.kernel, "-append", self.append]
        if self.modules:
            args += ["-initrd", ",".join(m.replace(",", ",,") for m in self.modules)]
        if self.iso:
            args += ["-drive", f"file={self.iso},media=cdrom,if=ide,readonly=on", "-boot", "d"]
        return args + list(self.extra)

    def check(self):
        """Raise FileNotFoundError for a file that is not there, before the emulator is started."""
        for path in [self.kernel, self.iso] + [m.split(" ", 1)[0] for m in self.modules]:
            if path and not os.path.isfile(os.path.join(self.folder, path)):
                raise FileNotFoundError(path)


@dataclasses.dataclass
class Result:
    """How a run ended.

    code: SUCCESS, FAILURE, TIMEOUT or DIED; line: the one that decided; lines: all of them;
    status, errors: the emulator's own exit status and messages.
    """

    code: int
    line: str
    seconds: float
    lines: list
    status: int = None
    errors: str = ""


def _die_with_parent():
    """In the child: be killed when the parent dies, however it dies (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@contextlib.contextmanager
def emulator(argv, errors, folder=None):
    """Start the emulator in its own process group, and kill the group on the way out."""
    # pylint: disable=subprocess-popen-preexec-fn
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=errors, start_new_session=True, cwd=folder,
                          preexec_fn=_die_with_parent) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


class Watcher:
    """Cuts serial bytes into lines and looks for the expressions in each.

    success may be a function of the line instead, for those who wait for several.

    A verdict stands, except that a success may still turn into a failure when recant is set.
    """

    def __init__(self, success, failure, on_line, recant):
        expression = success and isinstance(success, str)
        self.success = re.compile(success).search if expression else success
        self.failure = [re.compile(f) for f in failure]
        self.on_line = on_line
        self.recant = recant
        self.partial = b""
        self.taken = 0      # bytes of the lines so far
        self.lines = []
        self.verdict = None
        self.matched = ""

    def settled(self):
        """Nothing that comes can change the verdict any more."""
        return self.verdict == SUCCESS and not self.recant

    def reported(self, report):
        """The report of a failure is complete, or none is wanted."""
        return not report or any(re.search(report, line) for line in self.lines)

    def feed(self, data):
        """Take what came; the first expression that matches a whole line decides.

        Lines behind a success are not taken: how many come with it depends on the host's speed.
        """
        *whole, self.partial = (self.partial + data).split(b"\n")
        for raw in whole:
            if self.settled():
                return
            self.taken += len(raw) + 1
            self._line(raw)

    def finish(self):
        """Take the last line even though nothing ended it."""
        if self.partial and not self.settled():
            self._line(self.partial)
            self.partial = b""

    def _line(self, raw):
        text = raw.decode("utf-8", "replace").rstrip("\r")
        self.lines.append(text)
        self.on_line(text)
        if self.verdict == FAILURE:
            return
        if any(f.search(text) for f in self.failure):
            self.verdict, self.matched = FAILURE, text
        elif self.verdict is None and self.success and self.success(text):
            self.verdict, self.matched = SUCCESS, text


def run(machine, success=None, failure=(), timeout=60.0, log=None, on_line=None, linger=0.0,
        on_end=None, report=None):
    """Run the machine until a line decides, the time is up or the emulator ends; returns a Result.

    linger: seconds the emulator may go on after success, for a guest that powers off by itself;
    a failure in that time still counts. log: a file for the serial bytes; without linger it ends
    with the line that meant success. report: an expression that the last line of a failure's report
    matches; it is waited for, but not longer than REPORT_SECONDS. on_line(text): called for each line as it comes. on_end():
    called before the emulator is ended, for what has to be read out of it; not when it ended by
    itself.
    """
    machine.check()
    start = time.monotonic()
    watcher = Watcher(success, failure, on_line or (lambda text: None), linger > 0)
    deadline = start + timeout
    ended = False
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(open(log, "wb")) if log else None
        errors = stack.enter_context(tempfile.TemporaryFile())
        process = stack.enter_context(emulator(machine.argv(), errors, machine.folder or None))
        while not ended:
            left = deadline - time.monotonic()
            if left <= 0 or (watcher.verdict == FAILURE and watcher.reported(report)):
                break
            if not select.select([process.stdout], [], [], left)[0]:
                continue
            data = os.read(process.stdout.fileno(), 65536)
            ended = not data
            if raw:
                raw.write(data)
                raw.flush()
            before = watcher.verdict
            watcher.feed(data)
            if before is None and watcher.verdict == FAILURE:
                deadline = min(deadline, time.monotonic() + REPORT_SECONDS)
            if before is None and watcher.verdict == SUCCESS:
                deadline = min(deadline, time.monotonic() + linger)
                if not linger:
                    break
        watcher.finish()
        if raw and watcher.settled():
            raw.truncate(watcher.taken)
        if ended:
            process.wait(10)
        elif on_end:
            on_end()
        status = process.poll()
        errors.seek(0)
        messages = errors.read().decode("utf-8", "replace")
    code = watcher.verdict
    if code is None:
        code = DIED if ended else TIMEOUT
    return Result(code, watcher.matched, time.monotonic() - start, watcher.lines, status,
                  messages)


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


@contextlib.contextmanager
def serve(folder):
    """Serve a folder by HTTP on this host's loopback; yields the port (a guest sees 10.0.2.2)."""
    handler = functools.partial(_QuietHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def at_end(args):
    """What run() is to do before it ends the emulator, or None."""
    if not args.at_end:
        return None
    command = args.at_end.replace("{qmp}", args.qmp).replace("{log}", args.log or "")

    def run_command():
        status = subprocess.call(command, shell=True, stdin=subprocess.DEVNULL)
        if status:
            print(f"qemu.py: warning: the --at-end command ended with status {status}",
                  file=sys.stderr)

    return run_command


def stamped_printer(start, show=None):
    """A function that prints a line with the host's seconds since start (only those that show)."""
    wanted = re.compile(show) if show else None

    def print_line(text):
        if wanted is None or wanted.search(text):
            print(f"{time.monotonic() - start:8.2f} {text}", flush=True)

    return print_line


def parse(argv):
    """The command line; arguments after "--" go to the emulator as they are."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [options] [-- more emulator arguments]")
    add = parser.add_argument
    add("--kernel", default="", help="the hypervisor (or another Multiboot or PVH ELF, or Linux)")
    add("--append", default="", help="its command line; {port} stands for the port of --serve")
    add("--module", action="append", default=[], metavar="'FILE ARGS'",
        help="a boot module with its arguments; repeat for more ({port} as above)")
    add("--iso", default="", help="boot this CD image (see scripts/image/mkgrub.sh)")
    add("--machine", default="q35", help="default: %(default)s")
    add("--cpu", default=Machine.cpu, help="default: %(default)s")
    add("--smp", default="1", help="default: %(default)s")
    add("--mem", default="2G", help="default: %(default)s")
    add("--icount", action="store_true", help="deterministic: one clock that counts instructions")
    add("--qemu", default="", help="the emulator (default: the fetched one, else the system's)")
    add("--qmp", default="", metavar="SOCKET",
        help="make a socket of QEMU's machine protocol there")
    add("--at-end", metavar="COMMAND",
        help="run this in a shell before the emulator is ended ({qmp}: the socket, {log}: the log)")
    add("--success", metavar="RE", help="stop with 0 at a line that has this")
    add("--failure", metavar="RE", action="append", default=[], help="stop with 1; may repeat")
    add("--timeout", type=float, default=60, metavar="S", help="default: %(default)s seconds")
    add("--linger", type=float, default=0, metavar="S", help="after success, wait for its end")
    add("--log", metavar="FILE", help="write the serial bytes there")
    add("--show", metavar="RE", help="print only lines that have this")
    add("--quiet", action="store_true", help="print no lines")
    add("--serve", metavar="DIR", help="serve DIR by HTTP; a guest reaches it at 10.0.2.2:{port}")
    add("--images", action="store_true", help="print the folder of the boot images and stop")
    add("--print", action="store_true", help="print the emulator's command line and stop")
    add("--interactive", action="store_true",
        help="connect this terminal to the serial line instead (Ctrl-A x ends it)")
    extra = []
    if "--" in argv:
        cut = argv.index("--")
        argv, extra = argv[:cut], argv[cut + 1:]
    args = parser.parse_args(argv)
    if not (args.kernel or args.iso or args.images):
        parser.error("nothing to boot: give --kernel or --iso")
    return args, extra


def interactive(machine):
    """Hand the terminal to the emulator; its monitor shares the serial line."""
    argv = machine.argv()
    at = argv.index("-monitor")
    argv[at:at + 4] = ["-serial", "mon:stdio"]
    return subprocess.call(argv, preexec_fn=_die_with_parent)


def main():
    """The command."""
    args, extra = parse(sys.argv[1:])
    if args.images:
        print(image_dir())
        return SUCCESS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        port = str(stack.enter_context(serve(args.serve))) if args.serve else "0"
        machine = Machine(
            kernel=args.kernel, append=args.append.replace("{port}", port),
            modules=[m.replace("{port}", port) for m in args.module], iso=args.iso,
            machine=args.machine, cpu=args.cpu, smp=args.smp, mem=args.mem, icount=args.icount,
            extra=extra, qemu=args.qemu, qmp=args.qmp)
        if args.print:
            print(shlex.join(machine.argv()))
            return 0
        try:
            machine.check()
            if args.interactive:
                return interactive(machine)
            printer = (lambda text: None) if args.quiet else stamped_printer(start, args.show)
            result = run(machine, args.success, args.failure, args.timeout, args.log, printer,
                         args.linger, at_end(args))
        except FileNotFoundError as err:
            print(f"qemu.py: error: no such file: {err}", file=sys.stderr)
            return 64
    why = f": {result.line}" if result.line else ""
    if result.code == DIED:
        why = f" (status {result.status})"
        print(result.errors, end="", file=sys.stderr)
    print(f"qemu.py: {NAMES[result.code]} after {result.seconds:.1f} s{why}", flush=True)
    return result.code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
