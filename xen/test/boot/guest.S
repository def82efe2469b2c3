/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest guest for the manifest tests: prints "hello" and its command line, then ends in the
 * way that the first letter of the command line says. 32-bit, paging off, as PVH enters it.
 *   p poweroff  r reboot  c crash  t triple fault  h halt for good  w run where no memory is
 *   i stay, blocked  k test the keyboard controller, then reset the machine through it
 */
#define CONSOLE_IO 18
#define SCHED_OP 29
#define SCHEDOP_BLOCK 1
#define SCHEDOP_SHUTDOWN 2
#define SHUTDOWN_POWEROFF 0
#define SHUTDOWN_REBOOT 1
#define SHUTDOWN_CRASH 3
#define START_INFO_CMDLINE 24
#define NOTE_PHYS32_ENTRY 18

	.section .note.Xen, "a", @note
	.long 4, 4, NOTE_PHYS32_ENTRY
	.asciz "Xen"
	.long pvh_start

	.text
	.code32
	.globl pvh_start
pvh_start:
	mov $stack_top, %esp
	cld
	mov START_INFO_CMDLINE(%ebx), %ebp
	mov $hello, %esi
	call print
	mov %ebp, %esi
	call print
	mov $newline, %esi
	call print
	movzbl (%ebp), %eax
	mov $SHUTDOWN_POWEROFF, %edx
	cmp $'p', %al
	je shutdown
	mov $SHUTDOWN_REBOOT, %edx
	cmp $'r', %al
	je shutdown
	mov $SHUTDOWN_CRASH, %edx
	cmp $'c', %al
	je shutdown
	cmp $'t', %al
	je triple
	cmp $'h', %al
	je halt
	cmp $'w', %al
	je wild
	cmp $'k', %al
	je keyboard
stay:	mov $SCHED_OP, %eax
	mov $SCHEDOP_BLOCK, %ebx
	vmmcall
	jmp stay

shutdown:
	mov %edx, reason
	mov $SCHED_OP, %eax
	mov $SCHEDOP_SHUTDOWN, %ebx
	mov $reason, %ecx
	vmmcall
halt:	cli
	hlt
	jmp halt

triple:	lidt no_idt
	int3

wild:	mov $0xd0000000, %eax
	jmp *%eax

/* Commands go to port 0x64, in pieces of one instruction and of a string instruction. */
keyboard:
	mov $0xaa, %al
	out %al, $0x64
wait:	in $0x64, %al
	test $1, %al
	jz wait
	in $0x60, %al
	cmp $0x55, %al
	jne stay
	mov $answers, %esi
	call print
	mov $pulse_reset, %esi
	mov $0x64, %edx
	mov $1, %ecx
	rep outsb
	jmp stay

/* Print the string at ESI. */
print:	mov %esi, %edi
	xor %eax, %eax
	mov $-1, %ecx
	repne scasb
	not %ecx
	dec %ecx
	mov %esi, %edx
	xor %ebx, %ebx
	mov $CONSOLE_IO, %eax
	vmmcall
	ret

	.data
hello:	.asciz "hello "
answers: .asciz "the keyboard controller answers\n"
pulse_reset: .byte 0xfe
newline: .asciz "\n"
	.balign 4
reason:	.long 0
no_idt:	.word 0
	.long 0
	.balign 16
	.skip 256
stack_top:
