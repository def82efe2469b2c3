/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files share that read a domain's configuration. */
#ifndef TOOLS_XL_PARSE_H
#define TOOLS_XL_PARSE_H

#include "light/dm.h"
#include "xl.h"

/** A configuration being read. After the first error (@rc, @err) nothing more is stored. */
struct parse {
	struct xl *xl;			/* NULL: xl.conf and the hypervisor are not asked */
	struct cfg *cfg;
	struct cfg_error err;
	struct lx_domain_config *config;
	int rc;
};

char *parse_copy(struct parse *p, const char *text);
/** The setting's value is wrong: "FILE:LINE: NAME WHY". */
void parse_wrong(struct parse *p, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** Look at a getter's result. True: there is a value. A missing setting is not an error. */
bool parse_got(struct parse *p, int rc);
/** A warning with the setting's file and line. */
void parse_warn(const struct parse *p, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* parse-devices.c */

void parse_disks(struct parse *p);
void parse_nics(struct parse *p);
void parse_pci(struct parse *p);

/* parse-host.c */

/** Devices of the host that the guest gets. */
void parse_host_devices(struct parse *p);

/* parse-hvm.c */

/** Fill b_info.hvm, which lx_hvm_init() made, and what is beside it for such guests. */
void parse_hvm(struct parse *p);
/** When all is read: can the guest be built? */
void parse_hvm_check(struct parse *p);
/** Is the setting one that parse_hvm() reads? */
bool parse_hvm_reads(const char *name);

/* keys.c */

/** Look at the settings that have not been read: what asks for something that is not built is an
 * error, and so is one that looks like a misspelt name; what only tunes gets a warning. */
void parse_rest(struct parse *p);

#endif
