/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One change of the store as bytes: what transactions remember and the journal keeps. An operation
 * does not depend on who asked: it was checked, and says all that making it again needs.
 */
#ifndef XSD_OP_H
#define XSD_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum op_code {
	OP_SET = 1,	/* set a value, creating the node and its ancestors */
	OP_MKDIR,	/* create without a value, if it is not there */
	OP_RM,		/* remove with all below */
	OP_ACL,		/* replace the permissions; the value is an array of struct perm */
};

struct op {
	uint8_t code;
	uint16_t owner;		/* of nodes that are created, or DOMID_NONE */
	const char *path;	/* not terminated */
	size_t path_len;
	const void *value;
	size_t value_len;
};

/** Append @op to @b. */
void op_encode(struct buf *b, const struct op *op);
/** The bytes op_encode() appends. */
size_t op_size(const struct op *op);
/** Take the next operation from *@p, up to @end; false when the bytes are none. */
bool op_decode(const char **p, const char *end, struct op *op);

#endif
