/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's state as a stream of records in the ABI's layout (public/hvm/save.h): a header, then
 * records that each follow their descriptor, then an end mark.
 *
 * Each device model describes its record once, as a struct save_kind. A table of struct save_row
 * lists the kinds that belong to a domain and the places of their state; saving, checking and
 * loading all follow that one table. A stream is checked completely before any of it is loaded, and
 * loading cannot fail.
 *
 * Locking: the caller has paused the domain, holds the locks of its devices' models, and allows
 * only one call per domain at a time.
 */
#ifndef XEN_X86_SAVE_H
#define XEN_X86_SAVE_H

#include <xen/compiler.h>

/** Bytes that any record fits into; the largest is the extended FPU state. */
#define SAVE_RECORD_MAX 16384U
#define SAVE_MAX_ROWS 16U
/** No domain has more vCPUs, so no kind has more records. */
#define SAVE_MAX_INSTANCES 128U

/**
 * One kind of record and the model whose state it holds. @state is that model. @instance counts
 * from 0 where one model has several records (the two chips of a PIC) or several models share a
 * kind.
 */
struct save_kind {
	u16 type;			/* HVM_SAVE_CODE() of the ABI */
	u32 min_bytes, max_bytes;	/* equal for all kinds except the extended FPU state */
	/**
	 * Deliver everything due at @now, so that it is saved as delivered. NULL: nothing is ever
	 * due.
	 */
	void (*settle)(void *state, s_time_t now);
	/** Fill @rec, which is zeroed. Returns its bytes; 0: nothing to save; -XEN_EAGAIN: a
	 * temporary state that the record has no field for, so the domain must run a little
	 * further. */
	s32 (*save)(void *state, u32 instance, void *rec, s_time_t now);
	/** Could @rec, @len bytes (within the limits above), be loaded? 0 or -XEN_*. */
	int (*check)(const void *state, u32 instance, const void *rec, u32 len);
	/** Replace the state by @rec, which has been checked. */
	void (*load)(void *state, u32 instance, const void *rec, u32 len, s_time_t now);
};

enum save_scope { SAVE_DOMAIN, SAVE_VCPU };

/** A kind of record that a domain, or each of its vCPUs, can have. */
struct save_row {
	const struct save_kind *kind;
	enum save_scope scope;
	u32 instances;		/* of SAVE_DOMAIN; a vCPU has one of each */
	u32 offset;		/* of the model in the domain's devices, or in the vCPU */
	/** A record was loaded into this vCPU or these devices: apply its consequences, or NULL. */
	void (*loaded)(void *owner);
};

/** The complete saveable state of one domain. */
struct save_set {
	const struct save_row *row;	/* in the order of saving and of loading */
	u32 nr_rows;
	void *devices;			/* base of SAVE_DOMAIN's offsets; NULL: it has none */
	u32 nr_vcpus;
	/**
	 * Base of SAVE_VCPU's offsets for vCPU @id (below nr_vcpus); NULL: there is no such vCPU.
	 */
	void *(*vcpu)(const struct save_set *s, u32 id);
	void *domain;			/* for vcpu() */
	s_time_t now;
};

struct hvm_save_header;

/** Receives save_stream()'s bytes, piece by piece. 0, or -XEN_*, which ends the saving. */
struct save_sink {
	int (*put)(struct save_sink *k, const void *buf, u32 len);
};

/** Write the whole stream. @record: a buffer of SAVE_RECORD_MAX bytes. 0, or -XEN_* of the sink
 * or of a record. */
int save_stream(const struct save_set *s, const struct hvm_save_header *h, struct save_sink *k,
		void *record);
/** Fill @record (SAVE_RECORD_MAX bytes) with one record. Returns its bytes; -XEN_ENOENT: the
 * domain has no such kind or instance; -XEN_ENODATA: nothing to save; -XEN_EAGAIN as above. */
s32 save_record(const struct save_set *s, u16 type, u32 instance, void *record);
/**
 * Can the stream of @size bytes at @buf be loaded, every record of it? 0, or what is wrong:
 * -XEN_EINVAL  cut short, malformed, a value that the state cannot have, or a vCPU not there
 * -XEN_EEXIST  the same record twice
 * -XEN_ENODEV  a record of a device that the domain does not have
 * -XEN_EOPNOTSUPP  a kind that no row describes
 * Not every record must be there: what the stream leaves out keeps its state.
 */
int save_check(const struct save_set *s, const void *buf, u32 size, void *record);
/** Load a stream that has been checked, in the order of the table. */
void save_load(const struct save_set *s, const void *buf, u32 size, void *record);

#endif
