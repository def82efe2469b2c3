/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The toolstack's typed objects, and tables that describe them. From its table an object converts
 * to JSON and back, is copied, and is freed. Names and kinds of members are those of libxl 4.17, so
 * that either reads what the other wrote.
 */
#ifndef TOOLS_LIGHT_TYPES_H
#define TOOLS_LIGHT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

#define LX_MAX_CPUS 512

/** A set of CPUs or of vCPUs. */
struct lx_cpumap {
	uint64_t w[LX_MAX_CPUS / 64];
};

static inline bool lx_cpumap_test(const struct lx_cpumap *m, unsigned int i)
{
	return i < LX_MAX_CPUS && (m->w[i / 64] >> i % 64 & 1);
}

static inline void lx_cpumap_set(struct lx_cpumap *m, unsigned int i)
{
	if (i < LX_MAX_CPUS)
		m->w[i / 64] |= (uint64_t)1 << i % 64;
}

enum lx_kind {
	LX_BOOL,	/* bool */
	LX_INT_BOOL,	/* bool, written as 0 or 1 as libxl does for some */
	LX_DEFBOOL,	/* bool, written as "True" or "False" as it does for others */
	LX_U32,		/* uint32_t */
	LX_S32,		/* int32_t */
	LX_U64,		/* uint64_t */
	LX_STRING,	/* char *, owned; NULL is left out */
	LX_ENUM,	/* uint32_t; names in .names, which ends with NULL; "_" for "-" in JSON */
	LX_UUID,	/* uint8_t[16] */
	LX_CPUMAP,	/* struct lx_cpumap; left out when empty, unless .keep is set */
	LX_OBJECT,	/* a structure, described by .type */
	LX_OBJECTS,	/* pointer to an owned array of structures; length (uint32_t) at .count */
	LX_CPUMAPS,	/* the same for struct lx_cpumap */
	LX_U32S,	/* the same for uint32_t */
	LX_POINTER,	/* pointer to an owned structure, described by .type; NULL is left out */
	LX_STRINGS,	/* pointer to an owned array of owned strings; length at .count */
	LX_MARK,	/* an empty object, whose name tells libxl something; left out when
			 * the pointer at .at is set */
};

struct lx_field {
	const char *name;
	enum lx_kind kind;
	size_t at;			/* offset in the structure */
	size_t count;			/* offset of an array's length */
	const struct lx_type *type;
	const char *const *names;
	bool optional;			/* a number, an enum or a bool: left out when it is 0 */
	bool keep;
};

struct lx_type {
	const char *name;
	size_t bytes;
	const struct lx_field *field;	/* ends with one without a name */
	/** Fill what an object has when nothing is said; NULL: zeros. */
	void (*init)(void *object);
};

enum lx_action { LX_DESTROY, LX_RESTART, LX_RENAME_RESTART, LX_PRESERVE, LX_COREDUMP_DESTROY,
		 LX_COREDUMP_RESTART, LX_SOFT_RESET };
enum lx_disk_format { LX_FORMAT_UNKNOWN, LX_FORMAT_QCOW, LX_FORMAT_QCOW2, LX_FORMAT_VHD,
		      LX_FORMAT_RAW, LX_FORMAT_EMPTY, LX_FORMAT_QED };

extern const char *const lx_action_names[];
extern const char *const lx_tsc_names[];
enum lx_bios { LX_BIOS_UNKNOWN, LX_BIOS_ROMBIOS, LX_BIOS_SEABIOS, LX_BIOS_OVMF };
enum lx_vga { LX_VGA_UNKNOWN, LX_VGA_CIRRUS, LX_VGA_STD, LX_VGA_NONE };
enum lx_hdtype { LX_HD_UNKNOWN, LX_HD_IDE, LX_HD_AHCI };
enum lx_dm_version { LX_DM_UNKNOWN, LX_DM_TRADITIONAL, LX_DM_QEMU_XEN };

extern const char *const lx_format_names[];
extern const char *const lx_bios_names[], *const lx_timer_names[], *const lx_hdtype_names[];

#define LX_MAX_WEIGHT 65535
#define LX_CAP_PER_VCPU 100	/* per cent */

struct lx_sched {
	int32_t weight, cap;		/* -1: the scheduler's default, as in the others */
	int32_t period, budget;		/* us */
	int32_t extratime;		/* 0 or 1 */
};

struct lx_vnc {
	bool enable;
	char *listen;			/* address, which may end with :DISPLAY; NULL: 127.0.0.1 */
	char *passwd;
	uint32_t display;
	bool findunused;		/* take the next display that is free */
};

struct lx_vga_info {
	uint32_t kind;			/* enum lx_vga */
};

/** What only an HVM guest has. Names are libxl's. */
struct lx_hvm {
	char *firmware;			/* the loader that replaces hvmloader */
	uint32_t bios;			/* enum lx_bios */
	bool acpi_s3, acpi_s4, acpi_laptop_slate, hpet, vpt_align;
	uint64_t mmio_hole_memkb;	/* 0: the smallest */
	char *system_firmware;		/* file of the BIOS; NULL: the packaged one */
	uint32_t hdtype;		/* enum lx_hdtype */
	bool nographic;
	struct lx_vga_info vga;
	struct lx_vnc vnc;
	char *keymap, *boot;
	char *serial, **serials;	/* for a device model's -serial: one, or some in order */
	uint32_t nr_serials;
	bool usb;
	uint32_t usbversion;		/* 0: that of usb; 1 to 3 */
	char *usbdevice, **usbdevices;	/* one, or some */
	uint32_t nr_usbdevices;
	bool xen_platform_pci;
};

/** Registers of the host's devices, in pages of 4 KiB. */
struct lx_iomem {
	uint64_t start, number;
	uint64_t gfn;			/* where the guest sees them */
};

/** A device of the host, by its path in the host's device tree: its DMA is the guest's. */
struct lx_dtdev {
	char *path;
};

struct lx_create_info {
	char *type;			/* "pvh" or "hvm" */
	char *name;
	uint8_t uuid[16];
	char *pool_name;		/* NULL: Pool-0 */
};

struct lx_build_info {
	uint32_t max_vcpus;
	struct lx_cpumap avail_vcpus;
	uint64_t max_memkb, target_memkb;
	uint64_t shadow_memkb;		/* 0: by its size */
	uint32_t event_channels;
	uint32_t max_grant_frames, max_maptrack_frames;	/* 0: the hypervisor's default */
	uint32_t max_grant_version;
	int32_t rtc_timeoffset;
	uint32_t tsc_mode;		/* by lx_tsc_names */
	char *kernel, *ramdisk, *cmdline;
	char *device_tree;		/* ARM: a partial tree, of the host's devices */
	uint32_t *irqs;			/* ARM: of the host's devices; numbers of the GIC */
	struct lx_iomem *iomem;
	uint32_t nr_irqs, nr_iomem;
	struct lx_sched sched_params;
	struct lx_cpumap *hard, *soft;	/* by vCPU; fewer than vCPUs: the rest run anywhere */
	uint32_t nr_hard, nr_soft;
	struct lx_cpumap nodes;		/* empty: anywhere */
	bool apic, acpi;		/* false: an HVM guest's firmware has no tables of them */
	uint32_t timer_mode;		/* the ABI's number, HVM_PARAM_TIMER_MODE; lx_timer_names */
	struct lx_hvm *hvm;		/* of type "hvm"; else NULL */
	uint64_t video_memkb;		/* of the memory; 0: by the card */
	uint32_t device_model_version;	/* enum lx_dm_version */
	char *device_model;		/* its program; NULL: the packaged one */
	char **dm_args, **dm_args_hvm;	/* added to its command line, in this order */
	uint32_t nr_dm_args, nr_dm_args_hvm;
	char **dm_more;			/* commands of further device models, run with the domain's
					 * number as the last argument */
	uint32_t nr_dm_more;
};

/** Fill @b->hvm with the defaults of an HVM guest. -ENOMEM. */
int lx_hvm_init(struct lx_build_info *b);

struct lx_disk {
	char *pdev_path, *vdev, *script, *backend_domname;
	uint32_t format;		/* enum lx_disk_format */
	bool readwrite, is_cdrom, direct_io_safe, discard_enable;
	bool removable;
	bool trusted;			/* may the guest trust its backend? */
	bool share_writes;		/* "w!": others may have it too */
};

/* An HVM guest's interface is there twice, so that firmware sees one, unless only PV is wanted. */
enum lx_nic_kind { LX_NIC_UNKNOWN, LX_NIC_VIF_IOEMU, LX_NIC_VIF };

struct lx_nic {
	uint32_t devid;
	bool numbered;			/* devid was asked for, not counted; not kept */
	char *mac, *bridge, *ip, *script, *ifname, *model, *backend_domname, *gatewaydev;
	uint32_t mtu;
	uint64_t rate_bytes_per_interval;
	uint32_t rate_interval_usecs;
	uint32_t nictype;		/* enum lx_nic_kind */
	bool trusted;			/* may the guest trust its backend? */
};

/** A PCI function of the host, with libxl's names of its numbers. */
struct lx_pci {
	uint32_t func, dev, bus, domain;	/* the last is the segment */
};

struct lx_domain_config {
	struct lx_create_info c_info;
	struct lx_build_info b_info;
	struct lx_disk *disks;
	uint32_t nr_disks;
	struct lx_nic *nics;
	uint32_t nr_nics;
	struct lx_dtdev *dtdevs;
	uint32_t nr_dtdevs;
	struct lx_pci *pcidevs;
	uint32_t nr_pcidevs;
	uint32_t on_poweroff, on_reboot, on_watchdog, on_crash, on_soft_reset;	/* enum lx_action */
};

extern const struct lx_type lx_domain_config_type, lx_disk_type, lx_nic_type;

/** Set an object to its defaults; what it held is not freed. */
void lx_init(const struct lx_type *type, void *object);
/** Free what an object owns and set it to zeros. */
void lx_dispose(const struct lx_type *type, void *object);
/** JSON as text, indented by four as libxl does; the caller's to free. NULL without memory. */
char *lx_json_text(struct json_object *json);
/** A new JSON object, NULL without memory. */
struct json_object *lx_to_json(const struct lx_type *type, const void *object);
/** Fill an object that lx_init() set up from JSON of any origin. 0 or -errno; @err (256 bytes) says
 * which member is wrong. Members not known are passed over. The object is to be disposed of. */
int lx_from_json(const struct lx_type *type, void *object, struct json_object *json, char *err);
/** The same from text and to text (the caller's to free). */
int lx_from_text(const struct lx_type *type, void *object, const char *text, char *err);
char *lx_to_text(const struct lx_type *type, const void *object);
/** @to (not initialised) becomes a copy of @from. 0 or -ENOMEM, or -EINVAL for strings that are no
 * UTF-8. */
int lx_copy(const struct lx_type *type, void *to, const void *from);

/** A number's name; "?" when it has none. */
const char *lx_name_of(const char *const *names, uint32_t value);
/** A name's number, or -1. */
int lx_value_of(const char *const *names, const char *name);

#define LX_UUID_TEXT 37
/** "xxxxxxxx-xxxx-..." and back; false when it is none. */
void lx_uuid_text(const uint8_t uuid[16], char text[LX_UUID_TEXT]);
bool lx_uuid_parse(const char *text, uint8_t uuid[16]);
void lx_uuid_random(uint8_t uuid[16]);

#endif
