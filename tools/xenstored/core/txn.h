/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the store's checks need of transactions. A NULL transaction means the store itself. */
#ifndef XSD_TXN_H
#define XSD_TXN_H

#include "store.h"

/** The tree that @t sees. */
struct node *txn_root(struct store *s, struct txn *t);
/** Note that @t looked at @path. ENOSPC when it looked at too many. */
int txn_note(struct store *s, struct txn *t, const char *path, size_t len, unsigned int flags);
/** What @t changes in the usage of @domid. */
void txn_delta(const struct txn *t, uint16_t domid, int *nodes, long *bytes);
/** Set the permissions of a special name, which is not a node and has one version only. */
void store_apply_special(struct store *s, const struct op *op);
/** Make the change @op in the tree of @e; *@removed (if not NULL) gets what OP_RM took out. */
void op_apply(const struct edit *e, const struct op *op, struct node **removed);

#endif
