# SPDX-License-Identifier: GPL-2.0-or-later
"""The machines that the fuzzing microguest runs on: Xenolith's, and Debian's Xen 4.17."""
import dataclasses
import os
import sys

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(REPO, "scripts"))
sys.path.insert(0, os.path.join(REPO, "traces"))
import qemu  # noqa: E402  pylint: disable=wrong-import-position,import-error

# What both hypervisors can run on, and the emulator in which Xen's guests may read CR0
# (docs/emulators.md).
CPU = "EPYC,-rdtscp,-monitor,-xsave,-avx,-avx2,-f16c,-fma"
PEER_QEMU = "qemu-stable-system-x86_64"
MEMORY_MIB = 256
DOM0_MIB = 64
# Xen's PVH dom0 needs an IOMMU. With AMD's, Xen does not find a timer interrupt at first.
PEER_IOMMU = ["-device", "intel-iommu,intremap=on"]
PANIC = [r"Panic on CPU", r"^\(XEN\) Xen BUG", r"^## fuzz: (error|failure)",
         r"Hardware Dom0 crashed", r"Cannot boot"]
# The last line of what such a machine says.
REPORT = r"Halted \(noreboot\)|^\(XEN\) Xen BUG|^## fuzz: |Hardware Dom0 crashed|Cannot boot"
SUCCESS = r"^## fuzz: success"


def keep(numbers):
    """Numbers of steps as the microguest reads them: a digit has four steps, the lowest bit first."""
    digits = [0] * (max(numbers, default=0) // 4 + 1)
    for number in numbers:
        digits[number // 4] |= 1 << number % 4
    return "".join(f"{digit:x}" for digit in digits)


@dataclasses.dataclass
class Stream:
    """Which steps to carry out: episodes from first on, of each the steps in only."""

    seed: int = 1
    first: int = 0
    episodes: int = 1
    steps: int = 500
    only: frozenset = None      # numbers of the steps that are not passed over; None: all
    compare: bool = False       # on both hypervisors, so in the emulator that runs Xen

    def words(self, show, every=20):
        """The microguest's command line."""
        words = (f"seed={self.seed} first={self.first} episodes={self.episodes} "
                 f"steps={self.steps} every={every} print={int(show)}")
        # QEMU 7.2 ends when CR8 is written while a virtual interrupt waits.
        words += " no-cr8" if self.compare else " recorded"
        if self.only is not None:
            words += " keep=" + keep(self.only)
        return words


def _emulator(stream):
    if not stream.compare:
        return {}
    return {"qemu": qemu.find_qemu(PEER_QEMU), "extra": PEER_IOMMU}


def xenolith(build, env, stream, show, qmp=""):
    """Xenolith with the stream; qmp: where to make the socket that reads memory after a crash."""
    return qemu.Machine(
        kernel=os.path.join(build, env, "xenolith"), cpu=CPU, mem=f"{MEMORY_MIB}M", icount=True,
        append=f"console=com1 loglvl=warning guest_loglvl=none guest_console_rate=0 scrub=off noreboot "
               f"dom0_mem={DOM0_MIB}M dom0_max_vcpus=1", modules=_modules(build, stream, show),
        qmp=qmp, **_emulator(stream))


def xen(build, stream, show):
    """Debian's Xen with the stream."""
    return qemu.Machine(
        kernel=os.path.join(qemu.image_dir(), "xen-4.17"), cpu=CPU, mem=f"{MEMORY_MIB}M",
        icount=True, append="console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=none "
        f"noreboot bootscrub=0 dom0=pvh dom0_mem={DOM0_MIB}M dom0_max_vcpus=1",
        modules=_modules(build, stream, show), **_emulator(stream))


def _modules(build, stream, show):
    kernel = os.path.join(build, "fuzz-system", "fuzz.elf")
    return [f"{kernel} {stream.words(show)}", kernel]
