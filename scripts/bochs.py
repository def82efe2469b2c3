#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a hypervisor in Bochs, which emulates Intel's VMX, and watch its serial line.

Bochs counts time in instructions. It boots a CD image through GRUB and Multiboot 2. As with qemu.py, which this builds on, there is a command and a
module (Machine for qemu.run()), and the emulator never outlives this program.
"""
import argparse
import contextlib
import dataclasses
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

import qemu

CPU = "corei7_skylake_x"
# Interrupts do not end the run of a guest that was entered with its interrupts off, the serial port is
# as slow as a real one, and posted interrupts can bring a vector too many: docs/emulators.md. What the
# caller gives comes later, and counts.
NEEDED = "vmx_slice_us={slice_us} sync_console vmx_apic=virtual"
# With several CPUs an exit right after a fault that the processor delivered loses the guest's place.
SEVERAL = " vmx_catch_faults"
# The programs by what they need more. The release's own, 2.7, cannot leave out a feature of its CPU.
EXCLUDED = ', exclude_features="rdrand,rdseed"'
PROGRAMS = {"bochs": (EXCLUDED, ""), "bochs-stable": ("", " cpu-features=-rdrand,-rdseed")}

# The display is a plugin that shows nothing unless somebody connects. Guests get no instructions for
# random numbers.
CONFIG = """\
display_library: rfb, options="timeout=0"
romimage: file={rom}
vgaromimage: file={vga}
megs: {mem}
cpu: model={cpu}, count={smp}, ips=50000000, reset_on_triple_fault=0, ignore_bad_msrs={ignore_msrs}{excluded}
pci: enabled=1, chipset=i440fx
vga: realtime=0
clock: sync=none, time0=1704067200
boot: cdrom
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path="boot.iso", status=inserted
sound: driver=dummy, waveout=none, wavein=none, midiout=none
speaker: enabled=0
com1: enabled=1, mode=file, dev=/dev/stdout
log: bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
"""


# Bochs runs with a host's clock that stands still, so that boots repeat.
CLOCK = os.path.join(qemu.REPO, "scripts", "bochs-clock.c")
CLOCK_LIBRARY = "./clock.so"

# BIOS and video BIOS in the cache folder: Bochs's own, and what Debian's Xen starts with. After
# Bochs's own, that ends in a triple fault before its first line; SeaBIOS finds one CPU only.
OWN_BIOS = ("root/{program}/usr/share/bochs/BIOS-bochs-latest, options=fastboot",
            "root/{program}/usr/share/vgabios/vgabios.bin")
PEER_BIOS = ("root/emulator/usr/share/seabios/bios.bin",
             "root/emulator/usr/share/seabios/vgabios-stdvga.bin")


def find_bochs(program="bochs"):
    """Path of the fetched emulator, one of PROGRAMS."""
    path = os.path.join(qemu.cache_dir(), "bin", program)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"no Bochs: run scripts/setup.sh --no-install --group {program}")
    return path


def is_there(program="bochs"):
    """Whether it has been fetched."""
    try:
        return bool(find_bochs(program))
    except FileNotFoundError:
        return False


def version(program):
    """The version of one of PROGRAMS, and a digest of the configuration and clock that it is given."""
    folder = os.path.join(qemu.cache_dir(), "root", program, "usr", "share", "doc", "bochs")
    with gzip.open(os.path.join(folder, "changelog.Debian.gz"), "rt", encoding="utf-8") as file:
        package = file.readline().split()[1].strip("()")
    with open(CLOCK, encoding="utf-8") as file:
        given = CONFIG + file.read()
    return f"Bochs {package}, configuration {hashlib.sha256(given.encode()).hexdigest()[:8]}"


@dataclasses.dataclass
class Machine:
    """What to emulate; the names are those of qemu.Machine.

    program: one of PROGRAMS. folder: where the CD image, the configuration, the clock and Bochs's own log
    go, and where Bochs runs.
    slice_us, needed: see NEEDED. for_peer: a machine that Debian's Xen starts on, which has PEER_BIOS
    and where unknown MSRs can be read, as Xen does before it can take a fault.
    """

    folder: str
    kernel: str
    append: str = ""
    modules: list = dataclasses.field(default_factory=list)
    cpu: str = CPU
    smp: str = "1"
    mem: str = "256"
    slice_us: int = 5000
    needed: str = NEEDED
    for_peer: bool = False
    program: str = "bochs"

    def config(self):
        """Bochs's configuration. Its own files are named as seen from the folder."""
        rom, vga = (os.path.join(os.path.abspath(qemu.cache_dir()), path.format(program=self.program))
                    for path in (PEER_BIOS if self.for_peer else OWN_BIOS))
        return CONFIG.format(rom=rom, vga=vga, ignore_msrs=int(self.for_peer), mem=self.mem.rstrip("M"),
                             cpu=self.cpu, smp=self.smp, excluded=PROGRAMS[self.program][0])

    def argv(self):
        """The emulator's command line."""
        return alone() + ["env", f"LD_PRELOAD={CLOCK_LIBRARY}", find_bochs(self.program),
                          "-q", "-f", "bochsrc", "-rc", "commands"]

    def check(self):
        """Make what it boots. Raises FileNotFoundError for a file that is not there."""
        find_bochs(self.program)
        for path in [self.kernel] + [m.split(" ", 1)[0] for m in self.modules]:
            if not os.path.isfile(path):
                raise FileNotFoundError(path)
        subprocess.run(["cc", "-O2", "-shared", "-nostdlib", "-fPIC", "-o",
                        os.path.join(self.folder, CLOCK_LIBRARY), CLOCK], check=True)
        needed = self.needed.format(slice_us=self.slice_us)
        if needed:
            needed += PROGRAMS[self.program][1] + (SEVERAL if self.smp != "1" else "")
        make = [os.path.join(qemu.REPO, "scripts", "image", "mkgrub.sh"), "--kernel", self.kernel,
                "--append", f"{needed} {self.append}".strip(),
                "--output", os.path.join(self.folder, "boot.iso")]
        for module in self.modules:
            make += ["--module", module]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        for name, text in (("bochsrc", self.config()), ("commands", "continue\n")):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)


def alone():
    """A prefix that keeps the display's port to the emulator itself, where the host allows that."""
    prefix = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") and not subprocess.run(
            prefix + ["true"], stderr=subprocess.DEVNULL, check=False).returncode:
        return prefix
    return []


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--kernel", required=True, help="the hypervisor (with a Multiboot 2 header)")
    add("--append", default="", help="its command line")
    add("--module", action="append", default=[], metavar="'FILE ARGS'",
        help="a boot module with its arguments; repeat for more")
    add("--program", default="bochs", choices=sorted(PROGRAMS), help="default: %(default)s")
    add("--cpu", default=CPU, help="default: %(default)s")
    add("--smp", default="1", help="default: %(default)s")
    add("--mem", default="256", help="MiB; default: %(default)s")
    add("--success", metavar="RE", help="stop with 0 at a line that has this")
    add("--failure", metavar="RE", action="append", default=[], help="stop with 1; may repeat")
    add("--timeout", type=float, default=120, metavar="S", help="default: %(default)s seconds")
    add("--log", metavar="FILE", help="write the serial bytes there")
    add("--folder", help="keep the CD image, the configuration and Bochs's own log there")
    add("--quiet", action="store_true", help="print no lines")
    return parser.parse_args()


def main():
    """The command."""
    args = parse()
    printer = (lambda text: None) if args.quiet else qemu.stamped_printer(time.monotonic())
    with contextlib.ExitStack() as stack:
        folder = args.folder or stack.enter_context(tempfile.TemporaryDirectory(prefix="bochs-"))
        os.makedirs(folder, exist_ok=True)
        machine = Machine(folder, args.kernel, args.append, args.module, args.cpu, args.smp, args.mem,
                          program=args.program)
        try:
            result = qemu.run(machine, args.success, args.failure, args.timeout, args.log, printer)
        except FileNotFoundError as err:
            print(f"bochs.py: error: {err}", file=sys.stderr)
            return 64
    if result.code == qemu.DIED:
        print(result.errors, end="", file=sys.stderr)
    print(f"bochs.py: {qemu.NAMES[result.code]} after {result.seconds:.1f} s: {result.line}")
    return result.code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
