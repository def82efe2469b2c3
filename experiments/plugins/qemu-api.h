/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of QEMU's plugin interface that the plugins here use. Debian packages no header of it;
 * names and types are those of QEMU's documentation ("QEMU TCG Plugins"), version 4 of the
 * interface, which QEMU 10.0 has.
 */
#ifndef PLUGINS_QEMU_API_H
#define PLUGINS_QEMU_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_EXPORT __attribute__((visibility("default")))
#define PLUGIN_API_VERSION 4

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_register;

typedef struct {
	const char *target_name;
	struct {
		int min, cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus, max_vcpus;
	} system;
} qemu_info_t;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS, QEMU_PLUGIN_CB_RW_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };

/** What a plugin provides: the version it was written for, and its start: 0, or it failed. */
extern PLUGIN_EXPORT int qemu_plugin_version;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
				      char **argv);

/* ---- callbacks ---- */

/** A CPU exists; its registers can be listed. */
void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
				       void (*fn)(qemu_plugin_id_t id, unsigned int cpu));
/** A block of guest code is translated; its instructions get their callbacks now. */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*fn)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb));
/** Before each execution of @insn. */
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*fn)(unsigned int cpu, void *arg),
					    enum qemu_plugin_cb_flags flags, void *arg);
/** At each load and store of @insn. */
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      void (*fn)(unsigned int cpu, qemu_plugin_meminfo_t info,
						 uint64_t vaddr, void *arg),
				      enum qemu_plugin_cb_flags flags,
				      enum qemu_plugin_mem_rw which, void *arg);

/* ---- instructions and accesses ---- */

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
/** Copy at most @len bytes of the instruction; returns how many. */
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
/** Bytes of the access, as a power of two. */
unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info);
/** Where the access goes; NULL when that is not known. Valid in the callback. */
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *where);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *where);

/* ---- registers; the arrays are GLib's ---- */

typedef struct {
	char *data;
	unsigned int len;
} GArray;
typedef struct {
	uint8_t *data;
	unsigned int len;
} GByteArray;
GByteArray *g_byte_array_new(void);
GByteArray *g_byte_array_set_size(GByteArray *array, unsigned int len);

typedef struct {
	struct qemu_plugin_register *handle;
	const char *name, *feature;
} qemu_plugin_reg_descriptor;
/** All registers of the calling CPU, as qemu_plugin_reg_descriptor. */
GArray *qemu_plugin_get_registers(void);
/** Append a register's value to @out; returns its bytes, or a negative number. */
int qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *out);

#endif
