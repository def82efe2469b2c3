/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checking of lock ranks, shared by the kinds of locks. Empty in release builds. */
#ifndef CORE_LOCK_CHECK_H
#define CORE_LOCK_CHECK_H

#include <xen/spinlock.h>

#ifdef NDEBUG
static inline void lock_check_order(const char *name, u8 rank, bool nested) {}
static inline void lock_check_irq(u8 *use, const char *name) {}
static inline void lock_check_push(const void *lock, const char *name, u8 rank) {}
static inline void lock_check_pop(const void *lock, const char *name, u8 rank) {}
#else
/** Before waiting for a lock: panic when this CPU holds one of higher (or equal) rank. */
void lock_check_order(const char *name, u8 rank, bool nested);
/**
 * @use collects how a spinlock has been taken: in interrupt handlers, or with interrupts enabled.
 * Panic when both occur: a handler could spin for ever on a lock that its own CPU holds.
 */
void lock_check_irq(u8 *use, const char *name);
/** This CPU got @lock. Locks of rank NONE are not recorded. */
void lock_check_push(const void *lock, const char *name, u8 rank);
/** This CPU releases @lock; panic when it does not hold it. */
void lock_check_pop(const void *lock, const char *name, u8 rank);
#endif

#endif
