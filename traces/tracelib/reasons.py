# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of exit codes and what they are about, for each kind of processor that leaves guests: AMD's
SVM (AMD64 manual, volume 2, appendix C) and Intel's VMX (SDM, volume 3, appendix C). A trace does
not say which it was, so its reader does: use(). And names of hypercalls (<xen/xen.h>)."""

_SVM = {
    0x60: "INTR", 0x61: "NMI", 0x62: "SMI", 0x63: "INIT", 0x64: "VINTR", 0x65: "CR0_SEL_WRITE",
    0x66: "IDTR_READ", 0x67: "GDTR_READ", 0x68: "LDTR_READ", 0x69: "TR_READ", 0x6a: "IDTR_WRITE",
    0x6b: "GDTR_WRITE", 0x6c: "LDTR_WRITE", 0x6d: "TR_WRITE", 0x6e: "RDTSC", 0x6f: "RDPMC",
    0x70: "PUSHF", 0x71: "POPF", 0x72: "CPUID", 0x73: "RSM", 0x74: "IRET", 0x75: "SWINT",
    0x76: "INVD", 0x77: "PAUSE", 0x78: "HLT", 0x79: "INVLPG", 0x7a: "INVLPGA", 0x7b: "IOIO",
    0x7c: "MSR", 0x7d: "TASK_SWITCH", 0x7e: "FERR_FREEZE", 0x7f: "SHUTDOWN", 0x80: "VMRUN",
    0x81: "VMMCALL", 0x82: "VMLOAD", 0x83: "VMSAVE", 0x84: "STGI", 0x85: "CLGI", 0x86: "SKINIT",
    0x87: "RDTSCP", 0x88: "ICEBP", 0x89: "WBINVD", 0x8a: "MONITOR", 0x8b: "MWAIT",
    0x8c: "MWAIT_ARMED", 0x8d: "XSETBV", 0x8e: "RDPRU", 0x8f: "EFER_WRITE", 0xa0: "INVLPGB",
    0xa1: "INVLPGB_ILLEGAL", 0xa2: "INVPCID", 0xa3: "MCOMMIT", 0xa4: "TLBSYNC", 0x400: "NPF",
    0x401: "AVIC_INCOMPLETE_IPI", 0x402: "AVIC_NOACCEL", 0x403: "VMGEXIT", 0xffffffff: "INVALID",
}
_EXCEPTIONS = ["DE", "DB", "NMI", "BP", "OF", "BR", "UD", "NM", "DF", "9", "TS", "NP", "SS", "GP",
               "PF", "15", "MF", "AC", "MC", "XF"]

# By number; names that are missing are reserved.
_VMX = [
    "EXCEPTION_NMI", "EXTERNAL_INTERRUPT", "TRIPLE_FAULT", "INIT", "SIPI", "IO_SMI", "OTHER_SMI",
    "INTERRUPT_WINDOW", "NMI_WINDOW", "TASK_SWITCH", "CPUID", "GETSEC", "HLT", "INVD", "INVLPG",
    "RDPMC", "RDTSC", "RSM", "VMCALL", "VMCLEAR", "VMLAUNCH", "VMPTRLD", "VMPTRST", "VMREAD",
    "VMRESUME", "VMWRITE", "VMXOFF", "VMXON", "CR_ACCESS", "DR_ACCESS", "IO_INSTRUCTION", "RDMSR",
    "WRMSR", "INVALID_GUEST_STATE", "MSR_LOADING", None, "MWAIT", "MONITOR_TRAP", None, "MONITOR",
    "PAUSE", "MACHINE_CHECK", None, "TPR_BELOW_THRESHOLD", "APIC_ACCESS", "VIRTUALIZED_EOI",
    "GDTR_IDTR", "LDTR_TR", "EPT_VIOLATION", "EPT_MISCONFIG", "INVEPT", "RDTSCP",
    "PREEMPTION_TIMER", "INVVPID", "WBINVD", "XSETBV", "APIC_WRITE", "RDRAND", "INVPCID", "VMFUNC",
    "ENCLS", "RDSEED", "PML_FULL", "XSAVES", "XRSTORS",
]
# VM-entry failed; the reason is in the lower half.
_VMX_ENTRY_FAILURE = 1 << 31

CATEGORIES = ["hypercall", "interrupt", "timer and cpuid", "msr", "i/o port", "memory", "halt",
              "exception", "other"]
_CATEGORY = {
    "VMMCALL": 0, "VMCALL": 0, "INTR": 1, "NMI": 1, "SMI": 1, "VINTR": 1,
    "EXTERNAL_INTERRUPT": 1, "INTERRUPT_WINDOW": 1, "NMI_WINDOW": 1, "IO_SMI": 1, "OTHER_SMI": 1,
    "VIRTUALIZED_EOI": 1, "RDTSC": 2, "RDTSCP": 2, "CPUID": 2, "RDPMC": 2, "PREEMPTION_TIMER": 2,
    "MSR": 3, "RDMSR": 3, "WRMSR": 3, "IOIO": 4, "IO_INSTRUCTION": 4, "NPF": 5, "INVLPG": 5,
    "EPT_VIOLATION": 5, "EPT_MISCONFIG": 5, "APIC_ACCESS": 5, "APIC_WRITE": 5, "HLT": 6,
    "PAUSE": 6, "MWAIT": 6,
}

HYPERCALLS = {
    0: "set_trap_table", 1: "mmu_update", 2: "set_gdt", 3: "stack_switch", 4: "set_callbacks",
    5: "fpu_taskswitch", 6: "sched_op_compat", 7: "platform_op", 8: "set_debugreg",
    9: "get_debugreg", 10: "update_descriptor", 12: "memory_op", 13: "multicall",
    14: "update_va_mapping", 15: "set_timer_op", 16: "event_channel_op_compat", 17: "xen_version",
    18: "console_io", 19: "physdev_op_compat", 20: "grant_table_op", 21: "vm_assist",
    22: "update_va_mapping_otherdomain", 23: "iret", 24: "vcpu_op", 25: "set_segment_base",
    26: "mmuext_op", 27: "xsm_op", 28: "nmi_op", 29: "sched_op", 30: "callback_op",
    31: "xenoprof_op", 32: "event_channel_op", 33: "physdev_op", 34: "hvm_op", 35: "sysctl",
    36: "domctl", 37: "kexec_op", 38: "tmem_op", 39: "argo_op", 40: "xenpmu_op", 41: "dm_op",
    42: "hypfs_op"
}


def hypercall_name(number):
    """The name of a hypercall, with its number."""
    return f"{HYPERCALLS.get(number, 'unknown')}({number})"


def _svm_name(code):
    if code in _SVM:
        return _SVM[code]
    if code < 0x20:
        return f"{'READ' if code < 0x10 else 'WRITE'}_CR{code & 15}"
    if code < 0x40:
        return f"{'READ' if code < 0x30 else 'WRITE'}_DR{code & 15}"
    if code < 0x60:
        vector = code - 0x40
        return f"EXCEPTION_{_EXCEPTIONS[vector] if vector < len(_EXCEPTIONS) else vector}"
    return f"{code:#x}"


def _vmx_name(code):
    basic = code & 0xffff
    name = (_VMX[basic] if basic < len(_VMX) else None) or f"{basic:#x}"
    return f"ENTRY_FAILED_{name}" if code & _VMX_ENTRY_FAILURE else name


# What `xltrace.py --exits` takes.
VENDORS = {"svm": _svm_name, "vmx": _vmx_name}
_state = {"name_of": _svm_name}


def use(vendor):
    """From now on exit codes are those of a key of VENDORS; svm before."""
    _state["name_of"] = VENDORS[vendor]


def reason_name(code):
    """The name of an exit code."""
    return _state["name_of"](code)


def category(code):
    """Index into CATEGORIES."""
    name = reason_name(code)
    return _CATEGORY.get(name, 7 if name.startswith("EXCEPTION") else 8)
