/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page that changes between any two accesses of the code under test, as a guest's memory may. It
 * finds what is read twice and what is done in the wrong order, by trying each point in turn.
 */
#ifndef TEST_CHANGING_PAGE_H
#define TEST_CHANGING_PAGE_H

#include <stdint.h>

/**
 * From now on @after is called after each instruction that accesses @page (4 KiB, aligned); @n
 * counts them from 1. It may write to the page. One page at a time, in a program of one thread.
 */
void changing_page_begin(void *page, void (*after)(void *page, uint32_t n, void *arg), void *arg);
/** The page is as any other again. Returns how many instructions accessed it. */
uint32_t changing_page_end(void);

#endif
