# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads an experiment's plan.toml and checks it; EXPERIMENTS.md has every key.

Every mistake is a LabError that names file, line, key and the nearest valid word. Nothing is
guessed: an unknown key, a factor that changes nothing, and a level that does not exist are errors.
"""
import dataclasses
import os
import re
import string
import tomllib

from lab import EXPERIMENTS, errors, images, metrics

HYPERVISORS = ["xenolith", "xen-4.17"]
CLOCKS = ["icount", "wall"]
SCHEDULERS = ["credit2", "credit", "rtds", "null", "arinc653"]
EMULATORS = ["reference", "stable", "bochs", "bochs-stable"]
ARCHES = ["x86", "arm64"]
COLLECT = ["bench", "console", "trace"]

TEXT, NUMBER, LIST, TABLE = "a string", "a number", "a list", "a table"
WORDS, FLAG = "a list of strings", "true or false"
TOP = {"title": TEXT, "question": TEXT, "no": TEXT, "repetitions": NUMBER, "seeds": LIST,
       "timeout": NUMBER, "success": WORDS, "failure": WORDS, "collect": WORDS, "exclude": LIST,
       "machine": TABLE, "hypervisor": TABLE, "factors": TABLE, "guest": TABLE,
       "simulation": TABLE, "variant": TABLE}
NEEDED = ["title", "question", "no", "factors", "guest"]
# The machine, and what of it a factor may vary; a list gives all valid levels.
MACHINE = {"cpus": NUMBER, "sockets": NUMBER, "nodes": NUMBER, "memory": TEXT, "clock": CLOCKS,
           "emulator": EMULATORS, "arch": ARCHES, "machine": ["q35", "pc", "gicv3", "gicv2"],
           "cpu": TEXT, "extra": WORDS, "devices": WORDS}
FACTORS = {**{k: v for k, v in MACHINE.items() if k not in ("arch", "extra", "devices")},
           "hypervisor": HYPERVISORS, "sched": SCHEDULERS, "arrangement": NUMBER}
# A cell without a machine: a command of the scheduler simulator (docs/schedsim.md).
SIMULATION = {"command": TEXT, "files": TABLE, "when": TABLE}
HYPERVISOR = {"options": TEXT, "trace": TEXT, **{name: TEXT for name in HYPERVISORS}}
GUEST = {"image": TEXT, "role": ["dom0", "domain"], "args": TEXT, "memory": TEXT, "cpus": NUMBER,
         "count": NUMBER, "weight": NUMBER, "cap": NUMBER, "hard_affinity": TEXT,
         "soft_affinity": TEXT, "numa_node": NUMBER, "when": TABLE,
         "background": FLAG}
# What only a domain of the boot manifest has.
DOMAIN_ONLY = ["weight", "cap", "hard_affinity", "soft_affinity", "numa_node"]
# Names that strings may use beside the factors.
COMPUTED = ["unit", "number", "offset", "cpus", "sockets", "nodes", "memory", "seed"]
# These keys never change a result, so a run's id does not depend on them.
PROSE = ["title", "question", "no", "timeout", "variant"]


@dataclasses.dataclass
class Plan:
    """A checked plan. data: the tables of plan.toml with the variant merged in."""

    name: str
    path: str
    variant: str
    data: dict
    text: str

    @property
    def folder(self):
        """The experiment's folder."""
        return os.path.dirname(os.path.abspath(self.path))

    def factors(self):
        """{factor: [levels]} in the order of the plan."""
        return self.data["factors"]

    def all_levels(self):
        """{factor: every level that the plan or one of its variants has}."""
        return all_levels(tomllib.loads(self.text))

    def get(self, key, fallback=None):
        """A top-level value."""
        return self.data.get(key, fallback)

    def where(self, *keys):
        """The file, with the line that sets these keys where it is found."""
        return place(self.path, self.text, keys)

    def of_variant(self, variant):
        """The checked tables with another variant merged in."""
        return parse(self.text, self.name, self.path, variant).data

    def identity(self):
        """What of the plan decides about results."""
        return {k: v for k, v in self.data.items() if k not in PROSE}


def line_of(text, *keys):
    """Number of the line that sets the last key inside the table named by the others, or 0."""
    *table, key = [re.escape(str(k)) for k in keys]
    head = re.compile(r"\s*\[+\s*" + r"\s*\.\s*".join(f'"?{t}"?' for t in table) + r"\s*\]")
    whole = re.compile(r"\s*\[+\s*" + r"\s*\.\s*".join(f'"?{t}"?' for t in table + [key]) +
                       r"\s*(\.[^\]]*)?\]")
    inside = not table
    for number, line in enumerate(text.splitlines(), 1):
        if whole.match(line):
            return number
        if line.lstrip().startswith("["):
            inside = bool(table and head.match(line))
        elif inside and re.match(rf'\s*"?{key}"?\s*=', line):
            return number
    return 0


def place(path, text, keys):
    """path:line of the innermost of these keys that the text sets, or the path alone."""
    line = 0
    for depth in range(len(keys), 0, -1):
        line = line or line_of(text, *keys[:depth])
    return f"{path}:{line}" if line else path


class Checker:
    """Checks one plan; knows how to say where a mistake is."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.levels = {}        # all that any variant has: a condition may name each

    def fail(self, keys, what):
        """Raise for what is wrong at these keys."""
        raise errors.LabError(f"{place(self.path, self.text, keys)}: "
                              f"{'.'.join(map(str, keys))}: {what}")

    def keys(self, table, valid, *where):
        """All keys are known."""
        for key in table:
            if key not in valid:
                self.fail([*where, key], errors.unknown("key", key, valid))

    def value(self, value, kind, *where):
        """A value is of its kind; a string with {names} may take the place of anything but a table."""
        if isinstance(kind, list):
            if value not in kind and not has_names(value):
                self.fail(where, errors.unknown("word", value, kind))
            return
        fits = {TEXT: isinstance(value, str),
                NUMBER: isinstance(value, (int, float)) and not isinstance(value, bool)
                        or has_names(value),
                LIST: isinstance(value, list), TABLE: isinstance(value, dict),
                FLAG: isinstance(value, bool),
                WORDS: isinstance(value, list) and all(isinstance(v, str) for v in value)}
        if not fits[kind]:
            other = errors.nearest(where[-1], [f for f in FACTORS if f != where[-1]])
            hint = f", or did you mean {other!r}?" if where[0] == "factors" and other else ""
            self.fail(where, f"is {value!r}; give {kind}{hint}")

    def table(self, table, valid, *where):
        """A whole table."""
        self.keys(table, valid, *where)
        for key, value in table.items():
            self.value(value, valid[key], *where, key)


def has_names(value):
    """A string that a factor fills in."""
    return isinstance(value, str) and "{" in value


def names_in(value):
    """The names between braces in a string."""
    return [name for _, name, _, _ in string.Formatter().parse(value) if name is not None]


def strings_of(data):
    """All strings with names: (keys, string), from the tables that cells are made of."""
    def walk(value, keys):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(inner, [*keys, key])
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner, keys)
        elif isinstance(value, str):
            yield keys, value
    for key in ("success", "failure"):
        yield from walk(data.get(key, []), [key])
    for key in ("machine", "hypervisor", "guest", "simulation"):
        yield from walk(data.get(key, {}), [key])


def check_names(check, data):
    """Every {name} is known, and every free factor is used by one or by a guest's when."""
    factors = data["factors"]
    used = set()
    for keys, text in strings_of(data):
        if keys[0] in ("success", "failure"):
            continue
        try:
            names = names_in(text)
        except ValueError as err:
            check.fail(keys, f"{text!r}: {err}; double a brace that is meant as such")
        for name in names:
            if name not in factors and name not in COMPUTED:
                check.fail(keys, errors.unknown("name", name, [*factors, *COMPUTED]))
            used.add(name)
    for table in (*data["guest"].values(), data.get("simulation", {})):
        used |= set(table.get("when", {}))
    # A simulation's machine is in its command, which alone says what a factor changes.
    known = FACTORS if data["guest"] else {}
    if "arrangement" in factors and not used & {"offset", "arrangement"}:
        check.fail(["factors", "arrangement"], "changes nothing: no guest's args have {offset}, "
                   "and no simulation's command has {arrangement}")
    for factor in factors:
        if factor not in known and factor not in used:
            close = errors.nearest(factor, known)
            check.fail(["factors", factor],
                       "unknown factor: it changes nothing" +
                       (f"; did you mean {close!r}?" if close else "") +
                       f" (there are: {', '.join(known) or 'none'}; any other must appear as "
                       f"{{{factor}}} in a string, or in a when)")


def check_factors(check, factors):
    """Each factor has levels, all different, and valid ones where that is known."""
    for factor, levels in factors.items():
        if not isinstance(levels, list) or not levels:
            check.fail(["factors", factor], f"is {levels!r}; give a list of levels")
        for level in levels:
            if not isinstance(level, (str, int, float)) or isinstance(level, bool):
                check.fail(["factors", factor], f"level {level!r} is neither string nor number")
            if factor in FACTORS:
                if isinstance(FACTORS[factor], list) and level not in FACTORS[factor]:
                    check.fail(["factors", factor],
                               errors.unknown("level", level, FACTORS[factor]))
                check.value(level, FACTORS[factor], "factors", factor)
        if len(set(levels)) != len(levels):
            check.fail(["factors", factor], f"has a level twice: {levels}")


def check_condition(check, condition, *where):
    """A table of factors and levels, as in when and exclude; a level may be a list of them."""
    for factor, levels in condition.items():
        if factor not in check.levels:
            check.fail([*where, factor], errors.unknown("factor", factor, check.levels))
        for level in levels if isinstance(levels, list) else [levels]:
            if level not in check.levels[factor]:
                check.fail([*where, factor], errors.unknown("level", level, check.levels[factor]))


def all_levels(data):
    """{factor: levels} of the plan and of all its variants."""
    found = {}
    tables = [data, *(v for v in data.get("variant", {}).values() if isinstance(v, dict))]
    for factors in (table.get("factors", {}) for table in tables):
        for factor, levels in factors.items() if isinstance(factors, dict) else ():
            known = found.setdefault(factor, [])
            known += [level for level in (levels if isinstance(levels, list) else [])
                      if level not in known]
    return found


def check_words(check, name, guest):
    """What a guest is told would have an effect: its role has each key, its image each word."""
    if guest.get("role", "dom0") == "dom0":
        for key in DOMAIN_ONLY:
            if key in guest:
                check.fail(["guest", name, key], "only a guest with role = \"domain\" has it")
    if guest["image"] == "bench":
        try:
            metrics.check_args(guest.get("args", ""))
        except errors.LabError as err:
            check.fail(["guest", name, "args"], err)


def check_guests(check, data):
    """Each guest has a known image; at most one is dom0; whens name factors."""
    for name, guest in data["guest"].items():
        if not isinstance(guest, dict):
            check.fail(["guest", name], "is not a table; write [guest.NAME]")
        check.table(guest, GUEST, "guest", name)
        if "image" not in guest:
            check.fail(["guest", name], "has no image")
        if not has_names(guest["image"]) and guest["image"] not in images.bootable():
            check.fail(["guest", name, "image"],
                       errors.unknown("image", guest["image"], images.bootable()))
        check_words(check, name, guest)
        check_condition(check, guest.get("when", {}), "guest", name, "when")
    if not data["guest"] and "simulation" not in data:
        check.fail(["guest"], "no guest is given; write [guest.NAME] with an image")


def check_simulation(check, data):
    """A simulation has a command; without guests, every cell is one."""
    simulation = data.get("simulation")
    if simulation is None:
        return
    check.table(simulation, SIMULATION, "simulation")
    if not simulation.get("command", "").strip():
        check.fail(["simulation"], "has no command, such as \"run --machine 4 FILE\"")
    for name, content in simulation.get("files", {}).items():
        check.value(content, TABLE, "simulation", "files", name)
    if "files" in simulation and " @" not in simulation["command"]:
        check.fail(["simulation", "files"], "no word of the command is @NAME of one of them")
    check_condition(check, simulation.get("when", {}), "simulation", "when")
    if "when" in simulation and not data["guest"]:
        check.fail(["simulation", "when"], "leaves cells with nothing to do: there is no guest")


def check_plan(check, data):
    """All of a plan, after its variant has been merged in."""
    check.table(data, TOP)
    if "simulation" in data:
        data.setdefault("guest", {})
    for key in NEEDED:
        if key not in data:
            raise errors.LabError(f"{check.path}: there is no {key!r}; every plan has "
                                  f"{', '.join(NEEDED)}")
    check.table(data.get("machine", {}), MACHINE, "machine")
    for word in data.get("machine", {}).get("devices", []):
        if word not in images.DEVICES:
            check.fail(["machine", "devices"], errors.unknown("device", word, images.DEVICES))
    check.table(data.get("hypervisor", {}), HYPERVISOR, "hypervisor")
    check_factors(check, data["factors"])
    check_guests(check, data)
    check_simulation(check, data)
    check_names(check, data)
    for condition in data.get("exclude", []):
        if not isinstance(condition, dict):
            check.fail(["exclude"], "is a list of tables such as {sched = \"null\"}")
        check_condition(check, condition, "exclude")
    for word in data.get("collect", []):
        check.value(word, COLLECT, "collect")
    if not data.get("seeds", [1]):
        check.fail(["seeds"], "is empty; give at least one, or leave it out")
    for seed in data.get("seeds", []):
        check.value(seed, NUMBER, "seeds")
    for key in ("repetitions", "timeout"):
        if data.get(key, 1) <= 0:
            check.fail([key], f"is {data[key]}; give a number above 0")
    for key in ("success", "failure"):
        for text in data.get(key, []):
            try:
                re.compile(text)
            except re.error as err:
                check.fail([key], f"{text!r} is not a regular expression: {err}")


def merge(base, over):
    """Base with the values of over, table by table; factors of over replace whole lists."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = merge(base[key], value) if both else value
    return merged


def apply_variant(check, data, variant):
    """The plan's data with [variant.NAME] merged in ("" is the plan itself)."""
    variants = data.get("variant", {})
    if not variant:
        return data
    if variant not in variants:
        raise errors.LabError(f"{check.path}: " + errors.unknown("variant", variant, variants))
    over = variants[variant]
    check.keys(over, [k for k in TOP if k not in ("variant", "title", "question", "no")],
               "variant", variant)
    for factor in over.get("factors", {}):
        if factor not in data.get("factors", {}) and factor not in FACTORS:
            check.fail(["variant", variant, "factors", factor],
                       errors.unknown("factor", factor, [*data["factors"], *FACTORS]))
    return merge(data, over)


def parse(text, name, path, variant=""):
    """A Plan from TOML text."""
    check = Checker(path, text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise errors.LabError(f"{path}: {err}") from None
    check.levels = all_levels(data)
    data = apply_variant(check, data, variant)
    check_plan(check, data)
    return Plan(name, path, variant, data, text)


def names(root=EXPERIMENTS):
    """The experiments there are."""
    return sorted(n for n in os.listdir(root) if os.path.isfile(os.path.join(root, n, "plan.toml")))


def load(name, variant="", root=EXPERIMENTS):
    """The plan of an experiment, by its name or its folder."""
    folder = name if os.path.isfile(os.path.join(name, "plan.toml")) else os.path.join(root, name)
    path = os.path.join(folder, "plan.toml")
    if not os.path.isfile(path):
        raise errors.LabError(errors.unknown("experiment", name, names(root)))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    where = os.path.relpath(path) if not os.path.relpath(path).startswith("..") else path
    return parse(text, os.path.basename(os.path.abspath(folder)), where, variant)
