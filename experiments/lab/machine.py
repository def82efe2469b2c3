# SPDX-License-Identifier: GPL-2.0-or-later
"""A cell as an emulated machine.

The emulator runs in a folder made for the cell, where every file has a short fixed name: neither
the checkout's path nor the user's name reaches the guest or the recorded command line, so the same
cell gives the same bytes on any machine.
"""
import os
import re
import shutil

from lab import cells, errors, images, trace
import bochs
import bundle
import manifest
import qemu

PROGRAM = {"reference": "qemu-system-x86_64", "stable": "qemu-stable-system-x86_64",
           "arm64": "qemu-system-aarch64", **{program: program for program in bochs.PROGRAMS}}
SETUP = {"arm64": "make setup-arm64",
         **{program: f"scripts/setup.sh --no-install --group {program}" for program in bochs.PROGRAMS}}
COMMON = "loglvl=all guest_loglvl=all console_timestamps=raw"
SIDE = {"xenolith": "guest_console_rate=0", "xen-4.17": "com1=115200,8n1 dom0=pvh"}
PV_PEER = "com1=115200,8n1"
SIDE_ARM = {"xenolith": "guest_console_rate=0", "xen-4.17": "console=dtuart"}
ARM_MACHINE = {"gicv2": "virt,virtualization=on,gic-version=2",
               "gicv3": "virt,virtualization=on,gic-version=3"}
# Where the peer's loader finds the kernel of its first domain: any place that nothing else needs.
PEER_KERNEL = 0x49000000
# What a dom0 of the peer's leaves to Xen and to the domain that it creates, in MiB, and what it needs.
PV_DOM0_LEAVES, PV_DOM0_LEAST = 160, 384
LINUX = {"peer-dom0": "console=hvc0 loglevel=5 xenolith.do=xl+domains+poweroff",
         "linux-dom0": "console=hvc0 earlyprintk=xen loglevel=6",
         "linux-load": "console=hvc0 earlyprintk=xen loglevel=6",
         "linux-guest": "earlyprintk=xen,keep loglevel=5"}
MAC = "52:54:00:12:34:56"
MANIFEST_KEYS = ("memory", "cpus", "weight", "cap", "hard_affinity", "soft_affinity", "numa_node")


def emulator_path(kind):
    """The emulator's program."""
    try:
        return bochs.find_bochs(kind) if kind in bochs.PROGRAMS else qemu.find_qemu(PROGRAM[kind])
    except FileNotFoundError:
        raise errors.LabError(f"there is no {kind} emulator ({PROGRAM[kind]}); run: "
                              f"{SETUP.get(kind, 'make setup')}") from None


def mib(size):
    """Mebibytes of a size such as 512M."""
    found = re.fullmatch(r"(\d+)([MG])", str(size))
    if not found:
        raise errors.LabError(f"memory is {size!r}; give MiB or GiB, such as \"512M\" or \"2G\"")
    return int(found[1]) << (10 if found[2] == "G" else 0)


def topology(config):
    """The emulator's words for sockets and NUMA nodes."""
    cpus, sockets, nodes = config["cpus"], config["sockets"], config["nodes"]
    smp = str(cpus) if sockets == 1 else f"{cpus},sockets={sockets},cores={cpus // sockets}"
    words = []
    if nodes > 1:
        share, each = mib(config["memory"]) // nodes, cpus // nodes
        for node in range(nodes):
            words += ["-object", f"memory-backend-ram,id=m{node},size={share}M", "-numa",
                      f"node,nodeid={node},cpus={node * each}-{node * each + each - 1},"
                      f"memdev=m{node}"]
    return smp, words


def link(folder, name, path):
    """Give a file its short name in the cell's folder."""
    place = os.path.join(folder, name)
    if not os.path.lexists(place):
        os.symlink(os.path.abspath(path), place)
    return name


def devices_of(config, files, folder):
    """The emulator's words for a plan's devices, which work in the machine's own time: an SD card,
    whose controller moves data while the guest waits for the register, and a network whose card
    and whose DHCP and TFTP servers answer at once (docs/emulators.md). And a model of a last-level
    cache, which is not a device but what all accesses go through (docs/cache-qos.md)."""
    words = []
    if "disk" in config["devices"]:
        shutil.copyfile(files["disk-content"], os.path.join(folder, "disk"))
        words += ["-drive", "if=none,id=disk,format=raw,file=disk", "-device", "sdhci-pci",
                  "-device", "sd-card,drive=disk"]
    if "network" in config["devices"]:
        os.makedirs(os.path.join(folder, "served"))
        link(folder, "served/data.bin", files["served-file"])
        link(folder, "served/SHA256SUMS", files["served-sums"])
        words += ["-netdev", "user,id=net,restrict=on,tftp=served", "-device",
                  f"e1000,netdev=net,mac={MAC}"]
    if "cache" in config["devices"]:
        link(folder, "cache.so", files["cache-plugin"])
        words += ["-plugin", "./cache.so,page=cache.page", "-object", "memory-backend-file,"
                  "id=cache,size=8K,mem-path=cache.page,share=on", "-device",
                  "ivshmem-plain,memdev=cache"]
    return words


def file_name(image):
    """An image's short name."""
    return image.replace("microguest:", "")


def dom0_modules(guest, files, folder):
    """The modules of the first domain: its kernel, and its initramfs if it has one."""
    words = " ".join(w for w in (LINUX.get(guest["image"], ""), guest["args"]) if w)
    image = guest["image"]
    found = [f"{link(folder, file_name(image), files[image])} {words}".strip()]
    if image + "/ramdisk" in files:
        found.append(link(folder, file_name(image) + ".cpio.gz", files[image + "/ramdisk"]))
    return found


def domain_of(guest, files, folder):
    """A domain of the boot manifest."""
    image = guest["image"]
    ramdisk = ""
    if image + "/ramdisk" in files:
        ramdisk = link(folder, file_name(image) + ".cpio.gz", files[image + "/ramdisk"])
    words = " ".join(w for w in (LINUX.get(image, ""), guest["args"]) if w)
    values = {key: guest[key] for key in MANIFEST_KEYS if key in guest}
    for key in ("hard_affinity", "soft_affinity"):
        if key in values:
            values[key] = str(values[key])
    return manifest.Domain(name=guest["name"], kernel=link(folder, file_name(image), files[image]),
                           ramdisk=ramdisk, bootargs=words, **values)


def modules_of(config, files, folder):
    """All boot modules, dom0's first."""
    dom0 = [g for g in config["guests"] if g["role"] == "dom0"]
    domains = [domain_of(g, files, folder) for g in config["guests"] if g["role"] == "domain"]
    found = dom0_modules(dom0[0], files, folder) if dom0 else []
    if domains:
        tree = manifest.Manifest(domains, after=len(found))
        name = "manifest.dtb"
        try:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(tree.dtb())
        except manifest.ManifestError as err:
            raise errors.LabError(f"the boot manifest: {err}") from None
        found += tree.modules(name)
    return found


def options_of(config):
    """The hypervisor's command line."""
    arm = config.get("arch") == "arm64"
    words = ["" if arm else "console=com1", COMMON, (SIDE_ARM if arm else SIDE)[config["hypervisor"]],
             config["options"], trace.options(config)]
    if cells.has_pv_dom0(config):
        words[2] = PV_PEER
        words.append(f"dom0_mem={pv_dom0_mib(config)}M dom0_max_vcpus=1")
    if config["sched"] != "credit2":
        words.append(f"sched={config['sched']}")
    for guest in config["guests"]:
        if guest["role"] == "dom0":
            words += [f"dom0_mem={guest['memory']}", f"dom0_max_vcpus={guest['cpus']}"]
    return " ".join(w for w in words if w)


def arm_modules(config, modules, folder):
    """(modules, the emulator's words for them) on ARMv8. The machine's loader takes one file, so
    Xenolith's are packed; the peer's one is told of in the device tree."""
    if config["hypervisor"] == "xenolith":
        words = [" ".join([os.path.join(folder, m.partition(" ")[0]), m.partition(" ")[2]]).strip()
                 for m in modules]
        bundle.write(os.path.join(folder, "modules"), words)
        return ["modules"], []
    kernel, _, words = modules[0].partition(" ")
    words = words.replace(",", ",,")
    return [], ["-device", f"guest-loader,addr={PEER_KERNEL:#x},kernel={kernel},bootargs={words}"]


def build_arm(config, files, folder):
    """The same on ARMv8."""
    found = {name: files[images.of(config, name)] for name in
             [config["hypervisor"], *(g["image"] for g in config["guests"])]}
    modules, extra = arm_modules(config, modules_of(config, found, folder), folder)
    return qemu.Machine(
        kernel=link(folder, "hypervisor", found[config["hypervisor"]]), append=options_of(config),
        modules=modules, machine=ARM_MACHINE[config["machine"]], cpu=config["cpu"],
        smp=str(config["cpus"]), mem=str(config["memory"]), icount=config["clock"] == "icount",
        extra=extra + list(config["extra"]), qemu=emulator_path("arm64"), folder=folder)


def pv_dom0_mib(config):
    """Memory of the peer's dom0 where it is a PV guest."""
    size = mib(config["memory"]) - mib(config["guests"][0]["memory"]) - PV_DOM0_LEAVES
    if size < PV_DOM0_LEAST:
        raise errors.LabError(f"machine.memory is {config['memory']}; Linux as dom0 of Debian's Xen needs "
                              f"{PV_DOM0_LEAST - size} MiB more")
    return size


def pv_dom0_modules(config, files, folder):
    """The peer's PV dom0. The domain's configuration and kernel come before its initramfs, since GRUB
    takes a module that begins as a gzip file for one to its end."""
    guest = config["guests"][0]
    words = " ".join(w for w in (LINUX.get(guest["image"], ""), guest["args"]) if w)
    if '"' in words:
        raise errors.LabError(f"guest {guest['name']}: args have a quotation mark, which xl cannot be given")
    text = (f'name = "{guest["name"]}"\ntype = "pvh"\nkernel = "/domains/kernel"\nextra = "{words}"\n'
            f'memory = {mib(guest["memory"])}\nvcpus = {guest["cpus"]}\n')
    with open(files["peer-dom0/ramdisk"], "rb") as file:
        ramdisk = file.read()
    with open(files[guest["image"]], "rb") as file:
        kernel = file.read()
    ours = [bundle.entry("domains", b"", 0o040755), bundle.entry("domains/kernel", kernel),
            bundle.entry(f"domains/{guest['name']}.cfg", text.encode()),
            bundle.entry(bundle.END_MARK, b"")]
    with open(os.path.join(folder, "peer-dom0.cpio"), "wb") as file:
        file.write(b"".join([*ours, ramdisk]))
    return [f"{link(folder, 'peer-dom0', files['peer-dom0'])} {LINUX['peer-dom0']}", "peer-dom0.cpio"]


def build_bochs(config, files, folder):
    """The same in Bochs."""
    pv = cells.has_pv_dom0(config)
    modules = (pv_dom0_modules if pv else modules_of)(config, files, folder)
    wanted = {"needed": ""} if config["hypervisor"] == "xen-4.17" else {}
    emulator_path(config["emulator"])
    return bochs.Machine(
        program=config["emulator"], folder=folder, kernel=os.path.join(folder, link(folder, "hypervisor", files[config["hypervisor"]])),
        append=options_of(config), modules=[os.path.join(folder, m) for m in modules],
        cpu=config["cpu"], smp=str(config["cpus"]), mem=f"{mib(config['memory'])}M",
        for_peer=config["for_peer"], **wanted)


def build(config, files, folder):
    """The machine of a cell. files: {image: path}, with IMAGE/ramdisk where one goes with it."""
    if config.get("arch") == "arm64":
        return build_arm(config, files, folder)
    if cells.is_bochs(config):
        return build_bochs(config, files, folder)
    smp, extra = topology(config)
    if config["seed"] != 1:
        extra += ["-seed", str(config["seed"])]
    qmp = ""
    if trace.wanted(config):
        # The machine stays when it has powered off, so that its memory can be read.
        qmp, extra = trace.SOCKET, [*extra, "-no-shutdown"]
    return qemu.Machine(
        kernel=link(folder, "hypervisor", files[config["hypervisor"]]),
        append=options_of(config), modules=modules_of(config, files, folder),
        machine=config["machine"], cpu=config["cpu"], smp=smp, mem=str(config["memory"]),
        icount=config["clock"] == "icount",
        extra=extra + devices_of(config, files, folder) + list(config["extra"]),
        qemu=emulator_path(config["emulator"]), folder=folder, qmp=qmp)
