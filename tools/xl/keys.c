/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The settings that xl of Xen 4.17 reads, in xl.cfg(5) or not, and that ask for what is not built.
 * One that would change what the guest is may only say what is so anyway, and is an error
 * otherwise; one that tunes something gets a warning.
 */
#include <strings.h>

#include "parse.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct key {
	const char *name;
	const char *so;			/* the value that is so anyway; NULL: none */
	const char *what;		/* what any other value asks for */
} changes[] = {
	{ "acpi", "1", "a guest without ACPI" },
	{ "acpi_firmware", NULL, "ACPI tables of your own" },
	{ "acpi_laptop_slate", "0", "emulated devices" },
	{ "acpi_s3", "0", "sleep states" },
	{ "acpi_s4", "0", "sleep states" },
	{ "altp2m", "disabled", "alternate page tables" },
	{ "altp2mhvm", "0", "alternate page tables" },
	{ "apic", "1", "a guest without a local APIC" },
	{ "bios", NULL, "firmware" },
	{ "bios_path_override", NULL, "firmware" },
	{ "boot", NULL, "an emulated boot order" },
	{ "bootloader", NULL, "a boot loader in dom0" },
	{ "bootloader_args", NULL, "a boot loader in dom0" },
	{ "channel", NULL, "channels" },
	{ "cpuid", NULL, "a CPUID of your own" },
	{ "device_model", NULL, "a device model" },
	{ "device_model_args", NULL, "a device model" },
	{ "device_model_args_hvm", NULL, "a device model" },
	{ "device_model_args_pv", NULL, "a device model" },
	{ "device_model_override", NULL, "a device model" },
	{ "device_model_stubdomain_override", "0", "a device model" },
	{ "device_model_stubdomain_seclabel", NULL, "a device model" },
	{ "device_model_user", NULL, "a device model" },
	{ "device_model_version", NULL, "a device model" },
	{ "device_models", NULL, "a device model" },
	{ "dm_restrict", "0", "a device model" },
	{ "e820_host", "0", "the host's memory map" },
	{ "firmware", NULL, "firmware" },
	{ "firmware_override", NULL, "firmware" },
	{ "gfx_passthru", "0", "a graphics card of the host" },
	{ "gic_version", NULL, "an ARM interrupt controller" },
	{ "hap", "1", "shadow paging" },
	{ "hdtype", "none", "emulated disks" },
	{ "hpet", "0", "an HPET" },
	{ "init_seclabel", NULL, "a security label (XSM)" },
	{ "ioports", NULL, "I/O ports of the host" },
	{ "latency", "0", "the scheduler SEDF" },
	{ "localtime", "0", "an emulated clock chip" },
	{ "mca_caps", NULL, "machine checks" },
	{ "mmio_hole", NULL, "an emulated memory map" },
	{ "ms_vm_genid", NULL, "a generation ID" },
	{ "msr_relaxed", "0", "registers that are not emulated" },
	{ "nestedhvm", "0", "nested virtualization" },
	{ "nographic", "1", "a display" },
	{ "nx", "1", "a guest without NX" },
	{ "opengl", "0", "a display" },
	{ "p9", NULL, "shared folders (9P)" },
	{ "pae", "1", "a guest without PAE" },
	{ "parallel", "none", "an emulated parallel port" },
	{ "passthrough", "disabled", "devices of the host" },
	{ "pvcalls", NULL, "PV calls" },
	{ "pvshim", "0", "the PV shim" },
	{ "pvshim_cmdline", NULL, "the PV shim" },
	{ "pvshim_extra", NULL, "the PV shim" },
	{ "pvshim_path", NULL, "the PV shim" },
	{ "rdm", NULL, "devices of the host" },
	{ "rdm_mem_boundary", NULL, "devices of the host" },
	{ "sdl", "0", "a display" },
	{ "seclabel", NULL, "a security label (XSM)" },
	{ "serial", "none", "an emulated serial port" },
	{ "slice", "0", "the scheduler SEDF" },
	{ "smbios_firmware", NULL, "SMBIOS tables" },
	{ "soundhw", NULL, "an emulated sound card" },
	{ "spice", "0", "a display" },
	{ "stdvga", "0", "a display" },
	{ "stubdomain_cmdline", NULL, "a device model" },
	{ "stubdomain_kernel", NULL, "a device model" },
	{ "stubdomain_memory", NULL, "a device model" },
	{ "stubdomain_ramdisk", NULL, "a device model" },
	{ "tee", "none", "an ARM TEE" },
	{ "usb", "0", "USB devices" },
	{ "usbctrl", NULL, "USB devices" },
	{ "usbdev", NULL, "USB devices" },
	{ "usbdevice", NULL, "USB devices" },
	{ "usbversion", NULL, "USB devices" },
	{ "vdispl", NULL, "a PV display" },
	{ "vendor_device", "0", "emulated devices" },
	{ "vfb", NULL, "a PV framebuffer" },
	{ "vga", "none", "a display" },
	{ "viridian", "0", "the interface of Hyper-V" },
	{ "vkb", NULL, "a PV keyboard" },
	{ "vkb_device", "0", "an emulated keyboard" },
	{ "vmtrace_buf_kb", NULL, "processor traces" },
	{ "vnc", "0", "a display" },
	{ "vnuma", NULL, "virtual NUMA nodes" },
	{ "vpmu", "0", "a virtual PMU" },
	{ "vsnd", NULL, "PV sound" },
	{ "vtpm", NULL, "a virtual TPM" },
	{ "vuart", NULL, "an emulated serial port" },
	{ "xen_platform_pci", "0", "emulated devices" },
};

static const char *const tunes[] = {
	"blkdev_start", "claim_mode", "display", "keymap", "nomigrate", "oos", "pci_msitranslate",
	"pci_permissive", "pci_power_mgmt", "pci_seize", "spice_clipboard_sharing",
	"spice_image_compression", "spice_streaming_video", "spiceagent_mouse",
	"spicedisable_ticketing", "spicehost", "spicepasswd", "spiceport", "spicetls_port",
	"spiceusbredirection", "spicevdagent", "suppress_spurious_page_faults", "timer_mode",
	"videoram", "vncdisplay", "vnclisten", "vncpasswd", "vncunused", "vncviewer", "vpt_align",
	"xauthority", "xend_suspend_evtchn_compat",
};

/* Any guest can be one: its backends are its own. */
static const char *const needs_nothing[] = { "driver_domain" };

/* What the other files read. */
static const char *const built[] = {
	"budget", "builder", "cap", "cmdline", "cpu_weight", "cpus", "cpus_soft", "disk", "extra",
	"extratime", "kernel", "max_event_channels", "max_grant_frames", "max_grant_version",
	"max_maptrack_frames", "maxmem", "maxvcpus", "memory", "name", "on_crash",
	"on_poweroff", "on_reboot", "on_soft_reset", "on_watchdog", "pci", "period", "pool",
	"ramdisk", "root", "rtc_timeoffset", "shadow_memory", "tsc_mode", "type", "uuid", "vcpus",
	"vif",
};

static bool same_bool(const char *text, const char *so)
{
	static const char *const yes[] = { "1", "true", "yes", "on" };
	static const char *const no[] = { "0", "false", "no", "off" };

	for (size_t i = 0; i < COUNT(yes); i++)
		if (!strcasecmp(text, *so == '1' ? yes[i] : no[i]))
			return true;
	return false;
}

static bool is_so(const struct cfg_value *v, const char *so)
{
	if (v->is_list)
		return !v->items;
	if (!*v->text)
		return true;
	return so && (*so == '0' || *so == '1' ? same_bool(v->text, so) : !strcmp(v->text, so));
}

/* Some of the settings above are built for HVM guests. */
static bool reads(const struct parse *p, const char *name)
{
	return p->config->b_info.hvm && parse_hvm_reads(name);
}

/* What is built for HVM guests, and asked for by another one. */
static bool is_for_hvm(const struct parse *p, const char *name)
{
	return !p->config->b_info.hvm && parse_hvm_reads(name);
}

/* Something nearly right is refused: the guest would not be what its owner thinks. */
static void unknown(struct parse *p, const struct cfg_setting *s)
{
	struct xl_guess g = { .word = s->name };

	for (size_t i = 0; i < COUNT(built); i++)
		xl_guess(&g, built[i]);
	for (size_t i = 0; i < COUNT(changes); i++)
		xl_guess(&g, changes[i].name);
	for (size_t i = 0; i < COUNT(tunes); i++)
		xl_guess(&g, tunes[i]);
	if (g.best)
		p->rc = cfg_fail(p->cfg, s->value->line, &p->err, "unknown setting %.60s: did you "
				 "mean %s?", s->name, g.best);
	else
		parse_warn(p, s->value->line, "unknown setting %s is ignored", s->name);
}

void parse_rest(struct parse *p)
{
	const struct cfg_setting *s;
	size_t at = 0;

	for (size_t i = 0; i < COUNT(changes) && !p->rc; i++) {
		const struct cfg_value *v = cfg_get(p->cfg, changes[i].name);

		if (!v || reads(p, changes[i].name) || is_so(v, changes[i].so))
			continue;
		p->rc = cfg_fail(p->cfg, v->line, &p->err, "%s asks for %s, which %s",
				 changes[i].name, changes[i].what,
				 is_for_hvm(p, changes[i].name) ? "only an HVM guest has: remove "
				 "the setting, or say type = \"hvm\"" : "is not built: remove the "
				 "setting");
	}
	for (size_t i = 0; i < COUNT(needs_nothing); i++)
		cfg_get(p->cfg, needs_nothing[i]);
	for (size_t i = 0; i < COUNT(tunes) && !p->rc; i++) {
		const struct cfg_value *v = cfg_get(p->cfg, tunes[i]);

		if (v && !reads(p, tunes[i]) && !is_so(v, NULL))
			parse_warn(p, v->line, "%s tunes what guests here do not have; it is "
				   "ignored", tunes[i]);
	}
	while (!p->rc && (s = cfg_unused(p->cfg, &at)))
		unknown(p, s);
}
