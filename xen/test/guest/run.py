#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run microguests in QEMU or Bochs and tally their verdicts.

Verdicts: success; skip (not applicable here); error (the test could not run); failure (what it
tests is wrong). For each test a line "GUEST name verdict seconds" goes to the standard output.

A test is built as a 64-bit kernel and, in three paging modes, as a 32-bit one: NAME@flat32 (no
paging), NAME@pg32 (tables of two levels) and NAME@pae32. A plain NAME is run in the modes that
--modes says.

Tests run as unprivileged domains from a boot manifest, several in one machine, or with --dom0
each as the first domain of its own machine.

RUN() in a test's source may say:
  vcpus=N      how many the domain has (1)
  memory=N     MiB of the domain (32)
  domains=N    how many domains run it (1); each gets role= (from 0) and peer=, the first one's
               or for the first the second's number
  judges=N     how many of them, from the first, must give a verdict (all)
  cpus=N       of the machine (2)
  bochs_cpus=N the same for machines in Bochs; with one CPU its processor delivers guests' faults
               itself, with several each is an exit (docs/emulators.md)
  bochs_slice=N microseconds after which an interrupt ends a guest's run at the latest in Bochs (5000)
  cpu=MODEL    QEMU's -cpu
  timeout=S    seconds on an idle machine (20)
  end=RE       after the success line this must follow on the console, of an unprivileged domain in a
               line about it ("." for a blank)
  args=A+B     the domain's arguments, plus signs between them
  opts=A+B     the hypervisor's arguments
  alone=1      in a machine of its own
  dom0=1       as the privileged first domain of a machine of its own
  icount=1     always with deterministic time: attacks and races, whose rounds must not depend on
               the load of the host
  machine=A+B  ARM: more properties of QEMU's machine
  passes=A+B   ARM: devices of the machine that the first domain gets (virt_devices.py)
  devices=A+B  of the machine, as for QEMU's -device; without QEMU it is a skip
  long=WHY     for 64-bit mode only; the reason, plus signs between words
"""
import argparse
import concurrent.futures
import dataclasses
import itertools
import os
import re
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(REPO, "scripts"))
import bochs  # noqa: E402  pylint: disable=wrong-import-position,import-error
import bundle  # noqa: E402  pylint: disable=wrong-import-position,import-error
import manifest  # noqa: E402  pylint: disable=wrong-import-position,import-error
import qemu  # noqa: E402  pylint: disable=wrong-import-position,import-error
import virt_devices  # noqa: E402  pylint: disable=wrong-import-position,import-error

VERDICTS = ("success", "skip", "error", "failure")
VERDICT = re.compile(r"(?:^|\(d(?P<dom>\d+)\) )## (?P<name>[\w-]+): "
                     r"(?P<word>success|skip|error|failure)(?:: (?P<why>.*))?$")
# What a hypervisor says when it dies itself.
PANIC = r"Panic on CPU|^Xen BUG|PANIC|panic:"
PEER_CPU = "EPYC,-rdtscp,-monitor,-xsave,-avx,-avx2,-f16c,-fma"
SLOW = 6    # a loaded host may take that much longer
NO_FILE = "no such file"
BATCH_DOMAINS, BATCH_VCPUS = 6, 8
# Bochs takes as long to boot as to run many tests.
BOCHS_BATCH_DOMAINS, BOCHS_BATCH_VCPUS = 24, 32
LONG = "64"     # the mode that has no suffix
ARM = "arm64"   # and what the hypervisor's environment is called there
ARM_MACHINE = {"qemu": "qemu-system-aarch64", "machine": "virt,virtualization=on,gic-version={gic}",
               "cpu": "cortex-a57"}
GICV2_CPUS = 8
MODES = (LONG, "flat32", "pg32", "pae32")


@dataclasses.dataclass
class Test:
    """A microguest and how it wants to be run."""

    base: str
    mode: str
    description: str
    options: dict

    @property
    def name(self):
        """What the test is called in its mode."""
        return self.base if self.mode == LONG else f"{self.base}@{self.mode}"

    @property
    def unfit(self):
        """Why it cannot be run in its mode; "" when it can."""
        return "64-bit mode only: " + self.words("long") \
            if self.mode != LONG and "long" in self.options else ""

    def number(self, key, default):
        """A numeric option."""
        return int(self.options.get(key, default))

    def words(self, key):
        """An option that is a list."""
        return self.options.get(key, "").replace("+", " ")


@dataclasses.dataclass
class Outcome:
    """How a test went."""

    name: str
    verdict: str
    seconds: float
    why: str = ""
    lines: list = dataclasses.field(default_factory=list)


def c_string(source, macro):
    """The text in a macro's argument, which may be several literals."""
    found = re.search(macro + r'\(((?:\s*"[^"]*")+)\)', source)
    return "".join(re.findall(r'"([^"]*)"', found.group(1))) if found else ""


def load(base, mode):
    """Read a test's description and options from its source."""
    with open(os.path.join(HERE, base, "main.c"), encoding="utf-8") as file:
        source = file.read()
    options = dict(word.split("=", 1) for word in c_string(source, "RUN").split())
    return Test(base, mode, c_string(source, "TEST"), options)


def chosen(args):
    """The tests that are meant, each once."""
    pairs = {}
    names, modes = args.tests, args.modes
    for name in names or all_names(args):
        base, _, mode = name.partition("@")
        for one in [mode] if mode else modes:
            pairs[base, one] = None
    return [load(base, mode) for base, mode in pairs]


def is_arm(args):
    """Whether the hypervisor is one for ARM."""
    return args.env.startswith(ARM)


def arm_emulator():
    """QEMU for ARM; "" when there is none."""
    try:
        return qemu.find_qemu(ARM_MACHINE["qemu"])
    except FileNotFoundError:
        return ""


def all_names(args):
    """Every test's name; for ARM those that the build has made for it."""
    if is_arm(args):
        folder = os.path.join(args.build, "guest-" + ARM)
        return sorted(n.removesuffix(".elf") for n in os.listdir(folder) if n.endswith(".elf"))
    return sorted(n for n in os.listdir(HERE)
                  if not n.startswith("arm-") and os.path.isfile(os.path.join(HERE, n, "main.c")))


def unfit(test, args):
    """Why a test cannot be run in its mode or on this machine; "" when it can."""
    if is_arm(args) and args.gic == 2 and test.number("vcpus", 1) > GICV2_CPUS:
        return f"a GICv2 has {GICV2_CPUS} CPUs at most"
    return test.unfit


def elf_of(test, args):
    """The test's kernel."""
    folder = f"guest-{ARM}" if is_arm(args) else \
        "guest" if test.mode == LONG else f"guest-{test.mode}"
    return os.path.join(args.build, folder, test.base + ".elf")


def log_of(test, args, turn):
    """Where the console of a run is kept: beside the hypervisor."""
    folder = os.path.join(args.build, args.env, "test", "guest")
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, f"{test.name}{f'.{turn}' if turn else ''}.log")


class AllDone(Exception):
    """Every domain has said what it had to."""


class Seat:
    """A domain that runs a test: what it must say, and what it has said."""

    def __init__(self, test, role, domid):
        self.test, self.role, self.domid = test, role, domid
        self.judge = role < test.number("judges", test.number("domains", 1))
        end = test.options.get("end")
        who = rf"\bd{domid}(v\d+)?\b.*" if domid else ""
        self.end = re.compile(who + end) if end else None
        self.word, self.why, self.ended = "", "", False
        self.lines = []

    def feed(self, line):
        """Take a line of the console."""
        found = VERDICT.search(line)
        if found and int(found["dom"] or 0) == self.domid and found["name"] == self.test.base:
            self.word, self.why = found["word"], found["why"] or ""
        elif self.end and self.word == "success" and self.end.search(line):
            self.ended = True
        if re.search(rf"\bd{self.domid}(v\d+)?\b", line) or not self.domid:
            self.lines.append(line)

    @property
    def done(self):
        """Nothing more is expected of it."""
        return not self.judge or bool(self.word and (not self.end or self.ended or
                                                     self.word != "success"))

    def verdict(self, how):
        """The verdict and its reason, after a run that went so."""
        if not self.word and how.startswith(NO_FILE):
            return "error", how
        if not self.word:
            return "failure", f"no verdict of d{self.domid}: {how}"
        if self.word == "success" and self.end and not self.ended:
            return "failure", f"nothing like '{self.end.pattern}' followed"
        return self.word, self.why


def watch(machine, seats, timeout, log):
    """Run a machine until all seats are done; returns how it went and the panic line, if any."""
    def on_line(line):
        for seat in seats:
            seat.feed(line)
        if all(seat.done for seat in seats):
            raise AllDone

    try:
        result = qemu.run(machine, None, [PANIC], timeout, log, on_line)
    except AllDone:
        return "all done", ""
    except FileNotFoundError as err:
        return f"{NO_FILE}: {err}", ""
    panic = result.line if result.code == qemu.FAILURE else ""
    how = f"{qemu.NAMES[result.code]} {result.line}".strip()
    if result.code == qemu.DIED:
        how += f" (status {result.status}) {result.errors.strip()[-200:]}"
    return how, panic


def outcomes(tests, seats, how, panic, seconds):
    """One outcome a test: the worst verdict of its domains."""
    for test in tests:
        mine = [s for s in seats if s.test is test and s.judge]
        verdicts = [s.verdict(how) for s in mine]
        verdict, why = max(verdicts, key=lambda v: VERDICTS.index(v[0]))
        if panic:
            verdict, why = "failure", "the hypervisor died: " + panic
        lines = [line for s in seats if s.test is test for line in s.lines]
        yield Outcome(test.name, verdict, seconds, why, lines)


def machine_for(test, args, folder, **wanted):
    """The machine that a test asks for, in the emulator that was chosen."""
    smp = test.options.get("cpus", "2")
    if args.bochs:
        return bochs.Machine(folder=folder, smp=test.options.get("bochs_cpus", smp),
                             slice_us=test.number("bochs_slice", bochs.Machine.slice_us), **wanted)
    icount = args.icount or bool(test.options.get("icount"))
    devices = [word for d in test.words("devices").split() for word in ("-device", d)]
    if is_arm(args):
        # This loader takes one file.
        packed = os.path.join(folder, "modules.cpio")
        bundle.write(packed, wanted.pop("modules"))
        arm = ARM_MACHINE | {"qemu": arm_emulator(),
                             "machine": ARM_MACHINE["machine"].format(gic=args.gic)}
        arm["cpu"] = test.options.get("cpu", arm["cpu"])
        arm["machine"] += "".join("," + m for m in test.words("machine").split())
        return qemu.Machine(smp=smp, icount=icount, modules=[packed], extra=devices, **arm,
                            **wanted)
    return qemu.Machine(smp=smp, cpu=test.options.get("cpu", qemu.Machine.cpu),
                        icount=icount, extra=devices, **wanted)


def run_dom0(test, args, turn):
    """Boot one test as the first domain of a machine."""
    module = f"{elf_of(test, args)} {test.words('args')} {args.args}".strip()
    vcpus = test.number("vcpus", 1)
    seat = Seat(test, 0, 0)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="microguest-") as folder:
        if args.peer:
            append = (f"console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all dom0=pvh noreboot "
                      f"bootscrub=0 dom0_mem=64M dom0_max_vcpus={vcpus}")
            machine = machine_for(test, args, folder, kernel=args.peer, append=append,
                                  modules=[module], mem="512M")
            machine.cpu = PEER_CPU
            machine.qemu = qemu.find_qemu("qemu-stable-system-x86_64")
            machine.extra = ["-device", "amd-iommu,intremap=on"]
        else:
            append = (f"console=com1 loglvl=all guest_loglvl=none/all scrub=off "
                      f"dom0_max_vcpus={vcpus} {test.words('opts')}").strip()
            machine = machine_for(test, args, folder, append=append, modules=[module], mem="160M",
                                  kernel=os.path.join(args.build, args.env, "xenolith"))
        how, panic = watch(machine, [seat], test.number("timeout", 20) * SLOW,
                           log_of(test, args, turn))
    return list(outcomes([test], [seat], how, panic, time.monotonic() - start))


def seats_of(tests):
    """The domains of a batch, in the order of the manifest, which numbers them from 1."""
    seats = []
    for test in tests:
        first = len(seats) + 1
        seats += [Seat(test, role, first + role) for role in range(test.number("domains", 1))]
    return seats


def device_tree_of(seat, folder):
    """A file with the devices that a seat's domain gets; "" when there are none."""
    names = seat.test.words("passes").split()
    if not names or seat.role:
        return ""
    path = os.path.join(folder, f"devices-{seat.domid}.dtb")
    with open(path, "wb") as file:
        file.write(virt_devices.partial_tree(names))
    return path


def description(seat, args, folder):
    """What the manifest says of a seat."""
    test = seat.test
    words = f"{test.words('args')} {args.args}"
    if test.number("domains", 1) > 1:
        first = seat.domid - seat.role
        words += f" role={seat.role} peer={first if seat.role else first + 1}"
    return manifest.Domain(name=f"{test.base}-{test.mode}-{seat.role}"[-31:], kernel=elf_of(test, args),
                           bootargs=words.strip(), cpus=test.number("vcpus", 1),
                           device_tree=device_tree_of(seat, folder),
                           memory=f"{test.number('memory', 32)}M")


def run_batch(tests, args, turn):
    """Boot tests together, each in domains of its own."""
    seats = seats_of(tests)
    memory = 96 + sum(s.test.number("memory", 32) for s in seats) * 9 // 8
    append = ("console=com1 loglvl=all guest_loglvl=none/all scrub=off guest_console_rate=0 "
              + tests[0].words("opts")).strip()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="microguests-") as folder:
        tree = os.path.join(folder, "manifest.dtb")
        modules = manifest.Manifest([description(s, args, folder) for s in seats]).write(tree)
        machine = machine_for(tests[0], args, folder, append=append, modules=modules,
                              kernel=os.path.join(args.build, args.env, "xenolith"), mem=f"{memory}M")
        timeout = sum(t.number("timeout", 20) for t in tests) * SLOW / 2
        how, panic = watch(machine, seats, timeout,
                           log_of(tests[0], args, turn))
    return list(outcomes(tests, seats, how, panic, time.monotonic() - start))


def batches(tests, args):
    """Put tests that want the same machine together."""
    most_domains, most_vcpus = ((BOCHS_BATCH_DOMAINS, BOCHS_BATCH_VCPUS) if args.bochs else
                                (BATCH_DOMAINS, BATCH_VCPUS))
    groups = {}
    for test in tests:
        key = tuple(test.options.get(k, "")
                    for k in ("cpus", "bochs_cpus", "cpu", "opts", "icount"))
        if test.options.get("alone") or args.alone:
            key = test.name
        groups.setdefault(key, []).append(test)
    for group in groups.values():
        batch, domains, vcpus = [], 0, 0
        for test in group:
            n = test.number("domains", 1)
            v = n * test.number("vcpus", 1)
            if batch and (domains + n > most_domains or vcpus + v > most_vcpus):
                yield batch
                batch, domains, vcpus = [], 0, 0
            batch.append(test)
            domains, vcpus = domains + n, vcpus + v
        yield batch


def report(outcome, verbose):
    """Print one outcome, with the console when it is bad."""
    print(f"GUEST {outcome.name} {outcome.verdict} {outcome.seconds:.1f}", flush=True)
    if outcome.why:
        print(f"    {outcome.why}")
    if verbose or outcome.verdict in ("failure", "error"):
        for line in outcome.lines[-25:]:
            print("    | " + line)
    sys.stdout.flush()


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("tests", nargs="*", help="which (default: all)")
    add("--build", default=os.path.join(REPO, "build"), help="build directory")
    add("--env", default="x86_64", help="environment of the image to boot (default: %(default)s)")
    add("--modes", default=LONG, metavar="MODE,...",
        help=f"modes of tests named without one: {', '.join(MODES)} or all (default: %(default)s)")
    add("--jobs", type=int, default=2, help="machines at a time (default: %(default)s)")
    add("--repeat", type=int, default=1, metavar="N", help="run each N times")
    add("--args", default="", metavar="WORDS", help="more words for the tests' command lines")
    add("--minutes", type=float, metavar="N", help="run with seed=1, seed=2 and so on, until N minutes "
        "are over or one fails")
    add("--seed", type=int, default=1, help="the first of these (default: %(default)s)")
    add("--gic", type=int, choices=(2, 3), default=3,
        help="ARM: version of the interrupt controller (default: %(default)s)")
    add("--icount", action="store_true", help="deterministic time (see scripts/qemu.py)")
    add("--bochs", action="store_true", help="in Bochs, on Intel's extension (scripts/bochs.py)")
    add("--peer", metavar="XEN", help="boot this build of Xen instead, to compare (as --dom0)")
    add("--dom0", action="store_true", help="run each test as the first domain")
    add("--alone", action="store_true", help="one test a machine")
    add("--list", action="store_true", help="list the tests and stop")
    add("--verbose", "-v", action="store_true", help="show the console of every test")
    args = parser.parse_args()
    args.modes = list(MODES) if args.modes == "all" else args.modes.split(",")
    if is_arm(args) and (args.modes != [LONG] or args.bochs or args.peer):
        parser.error("for ARM there are neither other modes nor Bochs nor a peer")
    known = set(all_names(args))
    known |= {f"{name}@{mode}" for name in known for mode in MODES[1:]}
    unknown = set(args.tests) - known
    if args.bochs and args.peer:
        parser.error("the peer runs in QEMU only")
    if unknown:
        parser.error("no such test: " + " ".join(sorted(unknown)))
    if set(args.modes) - set(MODES):
        parser.error("no such mode; there are " + " ".join(MODES))
    return args


def seeds(args, tally):
    """The arguments of each round: as they are, or with one seed after the other."""
    if args.minutes is None:
        yield args
        return
    end = time.monotonic() + 60 * args.minutes
    for seed in itertools.count(args.seed):
        print(f"seed {seed}", flush=True)
        yield argparse.Namespace(**vars(args) | {"args": f"{args.args} seed={seed}"})
        if tally["failure"] or tally["error"] or time.monotonic() >= end:
            return


def main():
    """The command."""
    args = parse()
    tests = chosen(args)
    if args.list:
        for test in tests:
            print(f"{test.name:31} {test.description}")
        return 0
    tally = dict.fromkeys(VERDICTS, 0)
    if args.bochs and not bochs.is_there():
        print("no Bochs in the cache folder: scripts/setup.sh --no-install --group bochs fetches it")
        print(f"GUEST total 0 0 {len(tests)}")
        return 0
    if is_arm(args) and not arm_emulator():
        print("no emulator in the cache folder: scripts/setup.sh --no-install --group emulator-arm "
              "fetches it")
        print(f"GUEST total 0 0 {len(tests)}")
        return 0
    for test in [t for t in tests if unfit(t, args)]:
        tally["skip"] += 1
        report(Outcome(test.name, "skip", 0, unfit(test, args)), args.verbose)
    tests = [t for t in tests if not unfit(t, args)]
    first = args.dom0 or args.peer
    if first:
        tests = [t for t in tests if t.number("domains", 1) == 1]
    alone = [t for t in tests if first or t.options.get("dom0")]
    work = [(run_dom0, t) for t in alone]
    work += [(run_batch, b) for b in batches([t for t in tests if t not in alone], args)]
    for seeded in seeds(args, tally):
        with concurrent.futures.ThreadPoolExecutor(max(1, min(args.jobs, 2))) as pool:
            runs = [pool.submit(run, what, seeded, turn)
                    for turn in range(args.repeat) for run, what in work]
            for done in concurrent.futures.as_completed(runs):
                for outcome in done.result():
                    tally[outcome.verdict] += 1
                    report(outcome, args.verbose)
    bad = tally["failure"] + tally["error"]
    print("TALLY " + " ".join(f"{word} {n}" for word, n in tally.items()))
    print(f"GUEST total {tally['success']} {bad} {tally['skip']}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
