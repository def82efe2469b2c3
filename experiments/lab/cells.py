# SPDX-License-Identifier: GPL-2.0-or-later
"""A plan's cells: one for each combination of levels, seed and repetition; each is one boot, or
one simulation.

Both sides of a comparison run on the same machine: a cell whose twin on Debian's Xen is in the plan
gets the CPU model and the IOMMU that one needs.

A cell that is exact (one clock that counts instructions, on an emulator that keeps to it) runs once
for each seed: its repetition would be the same, byte for byte. Repetitions are the outer loop, so
that what drifts on a host falls on all cells alike.
"""
import dataclasses
import hashlib
import itertools

from lab import errors, images, plan as plans, trace
import bochs

DEFAULTS = {"cpus": 1, "sockets": 1, "nodes": 1, "memory": "512M", "clock": "icount",
            "machine": "q35", "sched": "credit2", "hypervisor": "xenolith", "emulator": "reference",
            "extra": [], "devices": []}
# Emulated devices of these arguments work when the host gets to it, not in the machine's own time.
HOST_TIME = ("-drive", "-blockdev", "-netdev", "-nic", "-net", "-hda", "-cdrom")
CPU = "EPYC,-monitor"
# ARMv8: a tick of the counter is an instruction of the one clock that counts them.
ARM = {"machine": "gicv3", "cpu": "cortex-a57,cntfrq=1000000000"}
# What Debian's Xen needs: no instruction whose exit QEMU's SVM gets wrong, and an IOMMU, of which
# each emulator has one that it can use (docs/emulators.md).
PEER_CPU = "EPYC,-rdtscp,-monitor,-xsave,-avx,-avx2,-f16c,-fma"
PEER_IOMMU = {"reference": "intel-iommu,intremap=on", "stable": "amd-iommu,intremap=on"}
PEER_SCHEDULERS = ("credit2", "credit")
# Bochs: Intel's VMX. It has no IOMMU, which Debian's Xen needs for a PVH dom0, so the peer's dom0 is
# Linux as a PV guest, whose xl creates the one domain that measures; on Xenolith the boot manifest does.
BOCHS = {"machine": "pc", "cpu": bochs.CPU}
UNIT = {"icount": "instructions", "wall": "ns"}
# Two time slices of credit2's: guests may begin anywhere in their neighbours' turns.
MOST_OFFSET = 20000
WHOLE = ("cpus", "sockets", "nodes")


@dataclasses.dataclass
class Cell:
    """One boot. factors: its levels; config: all that machine.py needs, with no name left open."""

    index: int
    factors: dict
    seed: int
    repetition: int
    exact: bool
    config: dict

    def label(self):
        """For people."""
        words = [f"{k}={v}" for k, v in self.factors.items()]
        words += [f"seed={self.seed}"] if self.seed != 1 else []
        words += [f"repetition={self.repetition + 1}"] if not self.exact else []
        return " ".join(words) or "the only one"


def matches(condition, factors):
    """A when or exclude table fits these levels."""
    return all(name in factors and
               factors[name] in (levels if isinstance(levels, list) else [levels])
               for name, levels in condition.items())


def combinations(plan):
    """The levels of each cell, the last factor varying fastest."""
    factors = plan.factors()
    for levels in itertools.product(*factors.values()):
        chosen = dict(zip(factors, levels))
        if not any(matches(condition, chosen) for condition in plan.get("exclude", [])):
            yield chosen


def reach(plan):
    """[(keys, condition, where it may match)]: the conditions of a plan's base and of its variants,
    each with the combinations of levels that it is meant to tell apart."""
    everywhere, found = [], []
    variants = ["", *plan.get("variant", {})]
    for variant in variants:
        data = plan.of_variant(variant)
        chosen = [dict(zip(data["factors"], levels))
                  for levels in itertools.product(*data["factors"].values())]
        own = data if not variant else plan.get("variant")[variant]
        keys = ["variant", variant] if variant else []
        found += [([*keys, "exclude"], condition, chosen) for condition in own.get("exclude", [])]
        everywhere += [c for c in chosen if not any(
            matches(condition, c) for condition in data.get("exclude", []))]
    found += [(["guest", name, "when"], guest["when"], everywhere)
              for name, guest in plan.get("guest").items() if "when" in guest]
    found += [(["hypervisor", side], {"hypervisor": side}, everywhere)
              for side in ("xenolith", "xen-4.17") if side in plan.get("hypervisor", {})]
    found += [(["simulation", "when"], table["when"], everywhere)
              for table in [plan.get("simulation", {})] if "when" in table]
    return found


def check_reach(plan):
    """Raise LabError for a condition that holds in no cell of the plan or of any variant."""
    for keys, condition, chosen in reach(plan):
        fits = [c for c in chosen if matches(condition, {"hypervisor": "xenolith", **c})]
        if not fits:
            text = ", ".join(f"{key} = {value!r}" for key, value in condition.items())
            raise errors.LabError(f"{plan.where(*keys)}: {'.'.join(keys)}: no boot has {text}")


def fill(value, known):
    """A value with its {names} replaced; what reads as a whole number becomes one."""
    if isinstance(value, str) and "{" in value:
        text = value.format_map(known)
        return int(text) if text.isdecimal() else text
    if isinstance(value, list):
        return [fill(inner, known) for inner in value]
    if isinstance(value, dict):
        return {key: fill(inner, known) for key, inner in value.items()}
    return value


def need_whole(plan, what, value):
    """A count from the plan as an int above 0."""
    if not isinstance(value, int) or value < 1:
        raise errors.LabError(f"{plan.path}: {what} is {value!r}; give a whole number above 0")
    return value


def check_arm(plan, config):
    """What machines of ARMv8 do not have yet is an error."""
    for key, valid in (("machine", ["gicv2", "gicv3"]), ("emulator", ["reference"]),
                       ("devices", [[]]), ("sockets", [1]), ("nodes", [1])):
        if config[key] not in valid:
            raise errors.LabError(f"{plan.path}: machine.{key} is {config[key]!r}; with arch = "
                                  f"\"arm64\" it can be {valid[0]!r}")
    if "trace" in plan.get("collect", []):
        raise errors.LabError(f"{plan.where('collect')}: no traces are read on ARMv8 yet")


def is_bochs(config):
    """Whether a cell runs in Bochs, of either release."""
    return config.get("emulator") in bochs.PROGRAMS


def check_bochs(plan, config, peer, seed):
    """What machines in Bochs do not have is an error."""
    one_cpu = peer or config["emulator"] == "bochs-stable"
    for key, valid in (("machine", "pc"), ("clock", "icount"), ("devices", []), ("sockets", 1),
                       ("nodes", 1), ("extra", []), ("cpus", 1 if one_cpu else config["cpus"])):
        if config[key] != valid:
            why = " beside Debian's Xen" if key == "cpus" and peer else ""
            raise errors.LabError(f"{plan.path}: machine.{key} is {config[key]!r}; with emulator = "
                                  f"\"{config['emulator']}\"{why} it can be {valid!r} only")
    if seed != 1:
        raise errors.LabError(f"{plan.where('seeds')}: Bochs has no seed; leave seeds out")
    if "trace" in plan.get("collect", []):
        raise errors.LabError(f"{plan.where('collect')}: no traces are read out of Bochs")


def check_domain_of_peer(plan, name, guest, only):
    """What Debian's Xen cannot do for a domain that is there beside dom0."""
    if not only or guest.get("background"):
        raise errors.LabError(f"{plan.path}: guest {name}: in Bochs the dom0 of Debian's Xen starts one "
                              "domain, and waits for its end")
    for key in plans.DOMAIN_ONLY:
        if key in guest:
            raise errors.LabError(f"{plan.where('guest', name, key)}: guest.{name}.{key}: the domain "
                                  "on Debian's Xen has none")


def machine_of(plan, chosen, peer, seed):
    """The machine's values for these levels."""
    is_arm = plan.get("machine", {}).get("arch") == "arm64"
    base = DEFAULTS | plan.get("machine", {})
    in_bochs = is_bochs(base | chosen)
    base = DEFAULTS | (ARM if is_arm else BOCHS if in_bochs else {}) | plan.get("machine", {})
    known = base | chosen
    config = {key: fill(known[key], known) for key in base}
    for key in WHOLE:
        need_whole(plan, f"machine.{key}", config[key])
    if is_arm:
        check_arm(plan, config)
    elif in_bochs:
        check_bochs(plan, config, peer, seed)
        config["for_peer"] = peer
    config.setdefault("cpu", PEER_CPU if peer else CPU)
    if peer and not is_arm and not in_bochs:
        config["extra"] = [*config["extra"], "-device", PEER_IOMMU[config["emulator"]]]
    config["sched"] = chosen.get("sched", config["sched"])
    if config["cpus"] % config["sockets"] or config["cpus"] % config["nodes"]:
        raise errors.LabError(f"{plan.path}: {config['cpus']} cpus cannot be shared evenly by "
                              f"{config['sockets']} sockets and {config['nodes']} nodes")
    if config["sched"] not in PEER_SCHEDULERS and config["hypervisor"] == "xen-4.17":
        raise errors.LabError(f"{plan.path}: Debian's Xen has no {config['sched']} scheduler; add "
                              f"exclude = [{{ hypervisor = \"xen-4.17\", sched = "
                              f"\"{config['sched']}\" }}]")
    return config


def offset(arrangement, name):
    """Microseconds after which a guest begins in an arrangement: at once in number 0, and in each
    other one at a time that its number and the guest's name decide."""
    if not arrangement:
        return 0
    digest = hashlib.sha256(f"{arrangement}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "little") % MOST_OFFSET


def check_peer(plan, config, guests):
    """What Debian's Xen cannot do for these guests."""
    if config["hypervisor"] != "xen-4.17":
        return
    in_bochs = is_bochs(config)
    for guest in guests:
        if guest["role"] == "domain" and in_bochs:
            check_domain_of_peer(plan, guest["name"], guest, len(guests) == 1)
        elif guest["role"] == "domain":
            raise errors.LabError(
                f"{plan.path}: guest {guest['name']}: Debian's Xen has no boot manifest; say role = "
                "\"dom0\", or exclude hypervisor = \"xen-4.17\"")
        elif in_bochs:
            raise errors.LabError(
                f"{plan.path}: guest {guest['name']}: Debian's Xen has no PVH dom0 in Bochs, which has no "
                "IOMMU; say role = \"domain\"")


def guests_of(plan, chosen, config, known):
    """The guests of a cell, copies written out."""
    found = []
    for name, table in plan.get("guest").items():
        if not matches(table.get("when", {}), chosen):
            continue
        count = need_whole(plan, f"guest.{name}.count", fill(table.get("count", 1), known))
        for number in range(count):
            full_name = f"{name}-{number + 1}" if count > 1 else name
            mine = known | {"number": number,
                            "offset": offset(chosen.get("arrangement", 0), full_name)}
            guest = {"role": "dom0", "args": "", "memory": "64M", "cpus": 1}
            guest |= {key: fill(value, mine) for key, value in table.items()
                      if key not in ("when", "count")}
            guest["name"] = full_name
            guest["args"] = str(guest["args"])
            need_whole(plan, f"guest.{name}.cpus", guest["cpus"])
            found.append(guest)
    check_peer(plan, config, found)
    if config["hypervisor"] == "xen-4.17" and config["emulator"] == "reference" and any(
            guest["image"].startswith("linux") for guest in found):
        raise errors.LabError(f"{plan.path}: Linux on Debian's Xen does not survive the reference "
                              "emulator; say emulator = \"stable\" for all cells")
    if sum(guest["role"] == "dom0" for guest in found) > 1:
        raise errors.LabError(f"{plan.path}: more than one guest is dom0 where "
                              f"{chosen}; say role = \"domain\" or when = ...")
    if not found:
        raise errors.LabError(f"{plan.path}: no guest is left where {chosen}")
    return found


def files_of(plan, words, known):
    """{name: content} of the files that these words of a command name: @NAME."""
    files = plan.get("simulation").get("files", {})
    names = [word[1:] for word in words if word.startswith("@")]
    for name in names:
        if name not in files:
            raise errors.LabError(f"{plan.where('simulation', 'command')}: " +
                                  errors.unknown("file", name, files))
    return {name: fill(files[name], known) for name in names}


def simulation_of(plan, chosen, seed):
    """Everything about one simulation, or None where the levels ask for a boot."""
    table = plan.get("simulation")
    if table is None or not matches(table.get("when", {}), chosen):
        return None
    base = DEFAULTS | plan.get("machine", {})
    known = {name: base[name] for name in ("cpus", "sockets", "nodes", "memory")} | chosen | {
        "seed": seed}
    words = [str(fill(word, known)) for word in table["command"].split()]
    return {"simulation": words, "files": files_of(plan, words, known), "hypervisor": "schedsim", "clock": "icount", "cpus": 1,
            "devices": [], "guests": [], "trace": "", "seed": seed,
            "collect": plan.get("collect", ["bench", "console"])}


def config_of(plan, chosen, seed, peer):
    """Everything about one cell."""
    simulation = simulation_of(plan, chosen, seed)
    if simulation:
        return simulation
    config = machine_of(plan, chosen, peer, seed)
    known = config | chosen | {"unit": UNIT[config["clock"]], "seed": seed}
    tables = plan.get("hypervisor", {})
    side = config["hypervisor"]
    words = [str(fill(tables.get(key, ""), known)) for key in ("options", side)]
    config |= {"options": " ".join(w for w in words if w),
               "trace": str(fill(tables.get("trace", ""), known)),
               "guests": guests_of(plan, chosen, config, known), "seed": seed,
               "success": plan.get("success", []), "failure": plan.get("failure", []),
               "collect": plan.get("collect", ["bench", "console"])}
    try:
        trace.options(config)
    except errors.LabError as err:
        raise errors.LabError(f"{plan.path}: hypervisor.trace: {err}") from None
    return config


def is_exact(config):
    """Whether simulator or emulator promise the same bytes every time (docs/emulators.md)."""
    if "simulation" in config:
        return True
    if config["clock"] != "icount" or any(word in HOST_TIME for word in config["extra"]):
        return False
    return config["emulator"] == "reference" or (config["cpus"] == 1 and not config["devices"])


def expand(plan):
    """All cells of a plan."""
    check_reach(plan)
    chosen = list(combinations(plan))
    if not chosen:
        raise errors.LabError(f"{plan.path}: exclude leaves no cell")
    found = []
    for repetition in range(need_whole(plan, "repetitions", plan.get("repetitions", 1))):
        for seed in plan.get("seeds", [1]):
            for levels in chosen:
                peer = levels | {"hypervisor": "xen-4.17"} in chosen
                config = config_of(plan, levels, seed, peer)
                exact = is_exact(config)
                if exact and repetition:
                    continue
                found.append(Cell(len(found), levels, seed, repetition, exact, config))
    if "trace" in plan.get("collect", []) and not any(trace.wanted(c.config) for c in found):
        raise errors.LabError(f"{plan.where('collect')}: collect has \"trace\", but no boot records "
                              "anything; say [hypervisor] trace = \"all\"")
    return found


def has_pv_dom0(config):
    """Whether a Linux dom0 of the peer creates the domain that measures."""
    return config["hypervisor"] == "xen-4.17" and is_bochs(config)


def images_of(found):
    """The names of all images that these cells boot."""
    return sorted({images.of(cell.config, name) for cell in found for name in
                   [cell.config["hypervisor"], *(g["image"] for g in cell.config["guests"])]} |
                  {"peer-dom0" for cell in found if has_pv_dom0(cell.config)} |
                  {name for cell in found for device in cell.config["devices"]
                   for name in images.DEVICES[device]})


def cores_of(cell, cores):
    """Host cores a cell keeps busy: one clock is one thread."""
    return 1 if cell.config["clock"] == "icount" else min(cell.config["cpus"], cores)
