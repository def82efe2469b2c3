# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of functions at guests' addresses: from an ELF file with a symbol table, or from text as nm,
System.map and /proc/kallsyms have it (address, kind, name)."""
import bisect
import subprocess

from .errors import TraceError

CODE = set("tTwW")
# An address further than this after the last symbol before it belongs to something unnamed.
LONGEST = 1 << 20


def _text_of(path):
    """The lines of a file, by nm for an ELF one."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"\x7fELF":
        return data.decode("utf-8", "replace")
    try:
        return subprocess.run(["nm", "-n", path], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        raise TraceError("there is no nm; install the package binutils") from None
    except subprocess.CalledProcessError as error:
        raise TraceError(f"{path}: nm says: {error.stderr.strip()}") from None


class Table:
    """The functions of one image."""

    def __init__(self, path):
        found = {}
        for line in _text_of(path).splitlines():
            words = line.split()
            if len(words) < 3 or words[1] not in CODE:
                continue
            try:
                address = int(words[0], 16)
            except ValueError:
                continue
            # A global name tells more than a local alias of the same address.
            if address not in found or words[1] == "T":
                found[address] = words[2]
        if not any(found):
            raise TraceError(f"{path}: no functions with addresses in it: a stripped file, or addresses "
                             "that the kernel hid")
        self.addresses = sorted(found)
        self.names = [found[address] for address in self.addresses]

    def find(self, address):
        """(name, offset), or None."""
        at = bisect.bisect_right(self.addresses, address) - 1
        if at < 0 or address - self.addresses[at] >= LONGEST:
            return None
        return self.names[at], address - self.addresses[at]


class Symbols:
    """The tables of all domains. words: FILE for every domain, or DOMAIN=FILE for one."""

    def __init__(self, words=()):
        self.tables = {}
        for word in words:
            domain, equals, path = word.partition("=")
            if not equals or not domain.isdecimal():
                domain, path = None, word
            key = None if domain is None else int(domain)
            if key in self.tables:
                raise TraceError(f"--symbols {word}: there is another file for the same domains")
            self.tables[key] = Table(path)

    def __bool__(self):
        return bool(self.tables)

    def find(self, domain, address):
        """(function, offset) of an address of a domain, or None."""
        table = self.tables.get(domain) or self.tables.get(None)
        return table and table.find(address)

    def name(self, domain, address):
        """function+0x12 of an address of a domain, or None."""
        found = self.find(domain, address)
        return found and (f"{found[0]}+{found[1]:#x}" if found[1] else found[0])
