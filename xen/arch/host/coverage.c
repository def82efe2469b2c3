/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host port's own objects may count, but their counters are libgcov's: the section that holds
 * descriptions of the hypervisor's is empty. Two C arrays would not share an address.
 */
__asm__(".globl gcov_info_start, gcov_info_end\n"
	".pushsection .rodata\n"
	"gcov_info_start:\n"
	"gcov_info_end:\n"
	".popsection");
