#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make a boot manifest: the device tree that tells Xenolith which domains to build at boot.

The input is TOML, one table for each domain (docs/manifest.md has every key):

    [domain.one]
    kernel = "vmlinux"
    ramdisk = "initramfs.cpio.gz"
    memory = "256M"
    cpus = 2
    bootargs = "earlyprintk=xen"
    weight = 512
    hard_affinity = "0-1"

Written are the device tree and, on standard output, the boot modules that go with it in their
order, one a line. A command and a module: Manifest, Domain, load, ManifestError.
"""
import argparse
import dataclasses
import os
import re
import shlex
import struct
import sys
import tomllib

MAX_DOMAINS = 64
MAX_VCPUS = 128
MAX_CPUS = 256
MAX_MEMORY_KIB = (1 << 64) - 1
CAP_PER_VCPU = 100
MAX_MODULES = 32
MAX_CMDLINE = 1023
MAX_NAME = 31
NAME_RE = re.compile(r"[A-Za-z0-9._+@-]+\Z")
LIST_RE = re.compile(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*\Z")
SIZE_RE = re.compile(r"([0-9]+)([kMGT]?)\Z")
SIZE_KIB = {"k": 1, "M": 1 << 10, "G": 1 << 20, "T": 1 << 30}


class ManifestError(ValueError):
    """What is wrong with a description, where, and what to change."""


class Fdt:
    """Writes a flattened device tree (version 17) front to back."""

    MAGIC, VERSION, COMPATIBLE = 0xd00dfeed, 17, 16
    BEGIN_NODE, END_NODE, PROP, END = 1, 2, 3, 9
    HEADER = 40
    RESERVE = bytes(16)

    def __init__(self):
        self.body = bytearray()
        self.strings = bytearray()
        self.offsets = {}

    def _pad(self):
        self.body += bytes(-len(self.body) % 4)

    def begin(self, name):
        """Open a node; properties come before subnodes."""
        self.body += struct.pack(">I", self.BEGIN_NODE) + name.encode() + b"\0"
        self._pad()

    def end(self):
        """Close the innermost node."""
        self.body += struct.pack(">I", self.END_NODE)

    def prop(self, name, value=b""):
        """A property of the open node: bytes, an int (one cell), a string or a list of strings."""
        if isinstance(value, int):
            value = struct.pack(">I", value)
        elif isinstance(value, str):
            value = value.encode() + b"\0"
        elif isinstance(value, (list, tuple)):
            value = b"".join(s.encode() + b"\0" for s in value)
        if name not in self.offsets:
            self.offsets[name] = len(self.strings)
            self.strings += name.encode() + b"\0"
        self.body += struct.pack(">III", self.PROP, len(value), self.offsets[name]) + value
        self._pad()

    def blob(self):
        """The whole tree."""
        body = bytes(self.body) + struct.pack(">I", self.END)
        at_body = self.HEADER + len(self.RESERVE)
        at_strings = at_body + len(body)
        header = struct.pack(">10I", self.MAGIC, at_strings + len(self.strings), at_body,
                             at_strings, self.HEADER, self.VERSION, self.COMPATIBLE, 0,
                             len(self.strings), len(body))
        return header + self.RESERVE + body + bytes(self.strings)


def memory_kib(value):
    """KiB of "256M", "1G", "8192k"; a number without a letter is in KiB."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ManifestError(f'memory is {value!r}; give a size such as "256M"')
    match = SIZE_RE.match(str(value))
    if not match:
        raise ManifestError(f'memory is {value!r}; give a size such as "256M"')
    return int(match[1]) * SIZE_KIB[match[2] or "k"]


def parse_memory(value):
    """KiB of a size that a domain may have."""
    kib = memory_kib(value)
    if kib < 1024 or kib % 4:
        raise ManifestError(f"memory is {kib} KiB; give at least 1024 and a multiple of 4")
    if kib > MAX_MEMORY_KIB:
        raise ManifestError(f"memory is {kib} KiB; no machine has as much")
    return kib


def check_int(what, value, low, high):
    """Raise unless value is a whole number of the range."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ManifestError(f"{what} is {value!r}; it may be {low} to {high}")


def check_text(what, value):
    """Raise unless value is a string that the tree can hold as one."""
    if not isinstance(value, str):
        raise ManifestError(f"{what} is {value!r}; give a string")
    if "\0" in value:
        raise ManifestError(f"{what} has a NUL character; leave it out")


def check_list(what, text):
    """Raise unless text is a list of CPUs, each range from a lower to a higher number."""
    advice = 'give a list of CPUs such as "0-1,4"'
    if not isinstance(text, str) or not LIST_RE.match(text):
        raise ManifestError(f"{what} has {text!r}; {advice}")
    for part in text.split(","):
        first, last = (int(n) for n in (part.split("-") * 2)[:2])
        if last < first:
            raise ManifestError(f"{what} has {text!r}, whose range {part} runs backwards; {advice}")
        if last >= MAX_CPUS:
            raise ManifestError(f"{what} has {text!r}; CPUs are 0 to {MAX_CPUS - 1}")


def check_lists(what, value, cpus):
    """Raise unless value is a CPU list for all of so many vCPUs, or one for each."""
    lists = [value] if isinstance(value, str) else value
    if not isinstance(lists, (list, tuple)) or not lists:
        raise ManifestError(f'{what} is {value!r}; give a list of CPUs such as "0-1,4"')
    for text in lists:
        check_list(what, text)
    if len(lists) not in (1, cpus):
        raise ManifestError(f"{what} has {len(lists)} lists for {cpus} vCPUs; "
                            "give one, or one for each")


# Numbers that go into the tree as they are: field -> property, least, most.
NUMBERS = {
    "numa_node": ("xenolith,numa-node", 0, 63),
    "weight": ("xenolith,weight", 1, 65535),
    "cap": ("xenolith,cap", 0, CAP_PER_VCPU * MAX_VCPUS),
    "max_grant_frames": ("xenolith,max-grant-frames", 1, 4096),
    "max_maptrack_frames": ("xenolith,max-maptrack-frames", 0, 4096),
    "max_grant_version": ("xenolith,max-grant-version", 1, 2),
    "max_event_port": ("xenolith,max-event-port", 1, 131071),
}
FLAGS = {
    "hardware_domain": "xenolith,hardware-domain",
    "privileged": "xenolith,privileged",
    "keep": "xenolith,keep",
}
AFFINITIES = {
    "hard_affinity": "xenolith,hard-affinity",
    "soft_affinity": "xenolith,soft-affinity",
}


@dataclasses.dataclass
class Domain:  # pylint: disable=too-many-instance-attributes
    """One domain. kernel, ramdisk and device_tree (of its devices) are paths; memory is a size ("256M") or KiB.

    arguments are those of the workload: a string or a list, appended to bootargs. Affinities are
    CPU lists: one for all vCPUs, or a list of one for each.
    """

    name: str
    kernel: str
    memory: object = None
    cpus: int = None
    ramdisk: str = ""
    device_tree: str = ""
    bootargs: str = ""
    arguments: object = ()
    hard_affinity: object = None
    soft_affinity: object = None
    numa_node: int = None
    weight: int = None
    cap: int = None
    max_grant_frames: int = None
    max_maptrack_frames: int = None
    max_grant_version: int = None
    max_event_port: int = None
    hardware_domain: bool = False
    privileged: bool = False
    keep: bool = False

    def argument_list(self):
        """The workload's arguments as a list."""
        return [self.arguments] if isinstance(self.arguments, str) else list(self.arguments)

    def check(self):
        """Raise ManifestError for what the hypervisor would refuse."""
        if not isinstance(self.name, str) or not NAME_RE.match(self.name) or \
                len(self.name) > MAX_NAME:
            raise ManifestError(f"the name {self.name!r} may have 1 to {MAX_NAME} letters, digits "
                                "and -_.+@")
        for what in ("kernel", "ramdisk", "device_tree", "bootargs"):
            check_text(what, getattr(self, what))
        if not self.kernel:
            raise ManifestError('kernel is missing; give the path of an ELF file or a bzImage')
        if self.memory is None and not self.hardware_domain:
            raise ManifestError('memory is missing; give a size such as "256M"')
        if self.cpus is None and not self.hardware_domain:
            raise ManifestError("cpus is missing; give the number of vCPUs")
        if self.memory is not None:
            parse_memory(self.memory)
        if self.cpus is not None:
            check_int("cpus", self.cpus, 1, MAX_VCPUS)
        for what in FLAGS:
            if not isinstance(getattr(self, what), bool):
                raise ManifestError(f"{what} is {getattr(self, what)!r}; give true or false")
        for what, (_, low, high) in NUMBERS.items():
            if getattr(self, what) is not None:
                check_int(what, getattr(self, what), low, high)
        if self.cap is not None:
            check_int("cap", self.cap, 0, CAP_PER_VCPU * (self.cpus or MAX_VCPUS))
        if self.hardware_domain and self.device_tree:
            raise ManifestError("device_tree is for other domains than the hardware domain, which "
                                "gets all devices that they do not get; remove it")
        for what in AFFINITIES:
            if getattr(self, what) is not None:
                check_lists(what, getattr(self, what), self.cpus)
        if not all(isinstance(a, str) for a in self.argument_list()):
            raise ManifestError(f"arguments is {self.arguments!r}; give a list of strings")
        for argument in self.argument_list():
            check_text("arguments", argument)
        words = filter(None, [self.bootargs] + self.argument_list())
        length = len(" ".join(words).encode())
        if length > MAX_CMDLINE:
            raise ManifestError(f"the command line has {length} characters; "
                                f"it may have {MAX_CMDLINE}")

    def write(self, tree, modules):
        """Write the node; modules maps paths to module numbers."""
        tree.begin(self.name)
        tree.prop("compatible", "xen,domain")
        if self.memory is not None:
            tree.prop("memory", struct.pack(">Q", memory_kib(self.memory)))
        if self.cpus is not None:
            tree.prop("cpus", self.cpus)
        for what, prop in FLAGS.items():
            if getattr(self, what):
                tree.prop(prop)
        for what, (prop, _, _) in NUMBERS.items():
            if getattr(self, what) is not None:
                tree.prop(prop, getattr(self, what))
        for what, prop in AFFINITIES.items():
            if getattr(self, what) is not None:
                value = getattr(self, what)
                tree.prop(prop, [value] if isinstance(value, str) else list(value))
        if self.argument_list():
            tree.prop("xenolith,arguments", self.argument_list())
        tree.begin("kernel")
        tree.prop("compatible", "multiboot,kernel")
        tree.prop("module", modules[self.kernel])
        if self.bootargs:
            tree.prop("bootargs", self.bootargs)
        tree.end()
        if self.ramdisk:
            tree.begin("ramdisk")
            tree.prop("compatible", "multiboot,ramdisk")
            tree.prop("module", modules[self.ramdisk])
            tree.end()
        if self.device_tree:
            tree.begin("device-tree")
            tree.prop("compatible", "multiboot,device-tree")
            tree.prop("module", modules[self.device_tree])
            tree.end()
        tree.end()


@dataclasses.dataclass
class Manifest:
    """Domains, and how many boot modules (those of dom0) come before the manifest's own."""

    domains: list = dataclasses.field(default_factory=list)
    after: int = 0

    def files(self):
        """The domains' files in module order, each once."""
        return list(dict.fromkeys(path for d in self.domains
                                  for path in (d.kernel, d.ramdisk, d.device_tree) if path))

    def modules(self, dtb):
        """What to pass to the loader behind the first `after` modules: @dtb, then the files."""
        return [dtb] + self.files()

    def check(self):
        """Raise ManifestError for the first mistake, naming the domain."""
        if not self.domains:
            raise ManifestError("no domain; add a table [domain.NAME]")
        if len(self.domains) > MAX_DOMAINS:
            raise ManifestError(f"{len(self.domains)} domains; there may be {MAX_DOMAINS}")
        if sum(d.hardware_domain is True for d in self.domains) > 1:
            raise ManifestError("two domains say hardware_domain; there can be one")
        names = set()
        for domain in self.domains:
            try:
                domain.check()
            except ManifestError as err:
                raise ManifestError(f"domain {domain.name}: {err}") from None
            if domain.name in names:
                raise ManifestError(f"domain {domain.name}: the name is used twice; change one")
            names.add(domain.name)
        kernels = {d.kernel for d in self.domains}
        others = kernels | {d.ramdisk for d in self.domains}
        for domain in self.domains:
            if domain.ramdisk in kernels:
                raise ManifestError(f"domain {domain.name}: {domain.ramdisk} is a kernel; "
                                    "it cannot be a ramdisk too")
            if domain.device_tree and domain.device_tree in others:
                raise ManifestError(f"domain {domain.name}: {domain.device_tree} is a kernel, a "
                                    "ramdisk or another domain's device tree; it cannot be this "
                                    "one's device tree too")
            others.add(domain.device_tree)
        total = self.after + 1 + len(self.files())
        if total > MAX_MODULES:
            raise ManifestError(f"{total} boot modules; there may be {MAX_MODULES}")

    def dtb(self):
        """The device tree's bytes."""
        self.check()
        return self.tree()

    def tree(self):
        """The same, whatever the hypervisor will say to it."""
        # Modules count from 1, and the manifest is one.
        numbers = {path: self.after + 2 + i for i, path in enumerate(self.files())}
        tree = Fdt()
        tree.begin("")
        tree.prop("compatible", "xenolith,manifest")
        tree.begin("chosen")
        tree.prop("#address-cells", 2)
        tree.prop("#size-cells", 2)
        for domain in self.domains:
            domain.write(tree, numbers)
        tree.end()
        tree.end()
        return tree.blob()

    def write(self, path):
        """Write the device tree to a file; returns its modules()."""
        blob = self.dtb()
        with open(path, "wb") as file:
            file.write(blob)
        return self.modules(path)


KEYS = [f.name for f in dataclasses.fields(Domain) if f.name != "name"]


def line_of(text, name, key=None):
    """Number of the line that begins the domain's table, or sets the key in it."""
    head = re.compile(r"\s*\[\s*domain\s*\.\s*[\"']?" + re.escape(name) + r"[\"']?\s*\]")
    number = inside = 0
    for number, line in enumerate(text.splitlines(), 1):
        if head.match(line):
            inside = number
        elif inside and line.lstrip().startswith("["):
            break
        elif inside and key and re.match(r"\s*" + re.escape(key) + r"\s*=", line):
            return number
    return inside


def parse(text, where="<string>", after=0, base=""):
    """A Manifest from TOML. Paths are relative to base. Errors name file and line."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise ManifestError(f"{where}: {err}") from None
    tables = data.pop("domain", {})
    if data:
        raise ManifestError(f"{where}: unknown key {next(iter(data))!r}; there are only tables "
                            "[domain.NAME]")
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise ManifestError(f"{where}: domains are tables [domain.NAME]")
    manifest = Manifest(after=after)
    for name, table in tables.items():
        for key in table:
            if key not in KEYS:
                raise ManifestError(f"{where}:{line_of(text, name, key)}: domain {name}: unknown "
                                    f"key {key!r}; there are {', '.join(KEYS)}")
        domain = Domain(name=name, **({"kernel": ""} | table))
        try:
            domain.check()
        except ManifestError as err:
            line = line_of(text, name, str(err).split(" ", 1)[0]) or line_of(text, name)
            raise ManifestError(f"{where}:{line}: domain {name}: {err}") from None
        domain.kernel = os.path.join(base, domain.kernel)
        for what in ("ramdisk", "device_tree"):
            if getattr(domain, what):
                setattr(domain, what, os.path.join(base, getattr(domain, what)))
        manifest.domains.append(domain)
    try:
        manifest.check()
    except ManifestError as err:
        raise ManifestError(f"{where}: {err}") from None
    return manifest


def load(path, after=0, base=None):
    """A Manifest from a TOML file; paths are relative to the file's folder unless base is given."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return parse(text, path, after, os.path.dirname(path) if base is None else base)


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("input", help="the description (TOML)")
    add("-o", "--output", required=True, metavar="DTB", help="the device tree to write")
    add("--after", type=int, default=0, metavar="N",
        help="boot modules that come before the manifest, such as dom0's kernel and initrd")
    add("--base", metavar="DIR", help="paths are relative to it (default: the input's folder)")
    add("--qemu", action="store_true",
        help="print the modules as --module arguments of scripts/qemu.py")
    args = parser.parse_args()
    try:
        modules = load(args.input, args.after, args.base).write(args.output)
        for path in modules:
            if not os.path.isfile(path):
                raise ManifestError(f"no such file: {path}")
    except (ManifestError, OSError) as err:
        print(f"manifest.py: error: {err}", file=sys.stderr)
        return 1
    if args.qemu:
        print(" ".join("--module " + shlex.quote(path) for path in modules))
    else:
        print("\n".join(modules))
    return 0


if __name__ == "__main__":
    sys.exit(main())
