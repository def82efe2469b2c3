/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Features of the CPU: reading CPUID, the user's overrides, and reporting what is missing. */
#include <xen/errno.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/features.h>
#include <asm/processor.h>
#include <asm/setup.h>

struct cpu_model boot_cpu;

struct feature_name {
	const char *name;
	u32 feature;
};

/* Names as in the ABI header; the command line takes lower or upper case. */
static const struct feature_name feature_names[] = {
#define XEN_CPUFEATURE(name, value) { #name, value },
#include <public/arch-x86/cpufeatureset.h>
};

static const struct {
	u32 feature;
	const char *effect;	/* of its absence; NULL: we cannot run without it */
} wanted[] = {
	{ X86_FEATURE_MSR, NULL },
	{ X86_FEATURE_TSC, NULL },
	{ X86_FEATURE_APIC, NULL },
	{ X86_FEATURE_PGE, NULL },
	{ X86_FEATURE_PAT, NULL },
	{ X86_FEATURE_FXSR, NULL },
	{ X86_FEATURE_SSE2, NULL },
	{ X86_FEATURE_NX, NULL },
	{ X86_FEATURE_SMEP, "the hypervisor could be made to run code of user pages" },
	{ X86_FEATURE_SMAP, "the hypervisor could be made to read user pages" },
	{ X86_FEATURE_PAGE1GB, "the direct map uses 2 MiB pages" },
	{ X86_FEATURE_ITSC, "the time stamp counter may change speed or stop" },
	{ X86_FEATURE_X2APIC, "at most 255 CPUs, slower interrupts" },
	{ X86_FEATURE_TSC_DEADLINE, "timers go through the APIC's counter" },
	{ X86_FEATURE_RDTSCP, "ordered time stamps cost a fence" },
	{ X86_FEATURE_XSAVE, "guests get no AVX" },
	{ X86_FEATURE_IBPB, "branch predictions of one domain can steer another" },
	{ X86_FEATURE_ERMS, "clearing memory is slower" },
};

static u32 forced[NR_FEATURE_WORDS], forbidden[NR_FEATURE_WORDS];

static char upper(char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; }

static bool same_name(const char *name, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] == '\0' || upper(s[i]) != name[i])
			return false;
	return name[len] == '\0';
}

static int override_one(const char *s, size_t len)
{
	u32 *set = s[0] == '+' ? forced : forbidden;

	if (len < 2 || (s[0] != '+' && s[0] != '-'))
		return -XEN_EINVAL;
	for (u32 i = 0; i < ARRAY_SIZE(feature_names); i++) {
		u32 f = feature_names[i].feature;

		if (!same_name(feature_names[i].name, s + 1, len - 1))
			continue;
		set[f / 32] |= 1U << (f % 32);
		return 0;
	}
	return -XEN_EINVAL;
}

/* "-smap,+itsc" */
static const char *parse_overrides(const char *s)
{
	while (*s) {
		size_t len = 0;

		while (s[len] && s[len] != ',')
			len++;
		if (override_one(s, len))
			return param_error("\"%.*s\" is not + or - and the name of a feature",
					   (int)len, s);
		s += len + (s[len] == ',');
	}
	return NULL;
}
PARAM_CUSTOM_FN("cpu-features", cpu_features, parse_overrides);

static struct cpuid_regs leaf(u32 n, u32 sub)
{
	u32 limit = n & 0x80000000 ? boot_cpu.max_ext_leaf : boot_cpu.max_leaf;

	if (n > limit)
		return (struct cpuid_regs){ 0 };
	return cpuid_count(n, sub);
}

static void read_features(u32 *f)
{
	struct cpuid_regs l1 = leaf(1, 0), e1 = leaf(0x80000001, 0), l7 = leaf(7, 0), l71 = { 0 },
			  l72 = { 0 }, e21 = leaf(0x80000021, 0);

	if (l7.eax >= 1)
		l71 = leaf(7, 1);
	if (l7.eax >= 2)
		l72 = leaf(7, 2);
	f[0] = l1.edx;
	f[1] = l1.ecx;
	f[2] = e1.edx;
	f[3] = e1.ecx;
	f[4] = leaf(0xd, 1).eax;
	f[5] = l7.ebx;
	f[6] = l7.ecx;
	f[7] = leaf(0x80000007, 0).edx;
	f[8] = leaf(0x80000008, 0).ebx;
	f[9] = l7.edx;
	f[10] = l71.eax;
	f[11] = e21.eax;
	f[12] = l71.ebx;
	f[13] = l72.edx;
	f[14] = l71.ecx;
	f[15] = l71.edx;
	f[18] = e21.ecx;
}

static void read_model(struct cpu_model *c)
{
	struct cpuid_regs r = cpuid(0);
	u32 words[12], eax;
	char *name = c->name;

	c->max_leaf = r.eax;
	if (r.ebx == 0x68747541 && r.edx == 0x69746e65 && r.ecx == 0x444d4163)
		c->vendor = CPU_VENDOR_AMD;
	else if (r.ebx == 0x756e6547 && r.edx == 0x49656e69 && r.ecx == 0x6c65746e)
		c->vendor = CPU_VENDOR_INTEL;
	c->max_ext_leaf = cpuid(0x80000000).eax;
	eax = leaf(1, 0).eax;
	c->stepping = eax & 0xf;
	c->model = (eax >> 4) & 0xf;
	c->family = (eax >> 8) & 0xf;
	if (c->family == 0xf || c->family == 6)
		c->model |= (eax >> 12) & 0xf0;
	if (c->family == 0xf)
		c->family += (eax >> 20) & 0xff;
	/* CPUID 1, EBX bits 15 to 8, counts units of 8 bytes (APM vol. 3, CLFLUSH). */
	r = leaf(1, 0);
	c->flush_bytes = r.edx & BIT(19) ? (r.ebx >> 8 & 0xff) * 8 : 0;
	c->phys_bits = 36;
	c->virt_bits = 48;
	if (c->max_ext_leaf >= 0x80000008) {
		eax = leaf(0x80000008, 0).eax;
		c->phys_bits = eax & 0xff;
		c->virt_bits = (eax >> 8) & 0xff;
	}
	for (u32 i = 0; i < 3; i++) {
		r = leaf(0x80000002 + i, 0);
		memcpy(&words[4 * i], &r, sizeof(r));
	}
	memcpy(c->name, words, sizeof(words));
	while (*name == ' ')
		name++;
	memmove(c->name, name, strlen(name) + 1);
}

void __init cpu_features_init(void)
{
	read_model(&boot_cpu);
	read_features(boot_cpu.features);
	for (u32 i = 0; i < NR_FEATURE_WORDS; i++)
		boot_cpu.features[i] = (boot_cpu.features[i] | forced[i]) & ~forbidden[i];
}

static bool in_set(const u32 *set, u32 f) { return (set[f / 32] >> (f % 32)) & 1; }

static const char *name_of(u32 feature)
{
	for (u32 i = 0; i < ARRAY_SIZE(feature_names); i++)
		if (feature_names[i].feature == feature)
			return feature_names[i].name;
	return "?";
}

void __init cpu_features_report(void)
{
	printk(LOG_INFO "CPU: %s, family %#x model %#x stepping %u, %u-bit physical addresses\n",
	       boot_cpu.name, boot_cpu.family, boot_cpu.model, boot_cpu.stepping,
	       boot_cpu.phys_bits);
	for (u32 i = 0; i < ARRAY_SIZE(feature_names); i++) {
		u32 f = feature_names[i].feature;

		if (in_set(forbidden, f))
			printk(LOG_INFO "CPU: %s is not used, forbidden by cpu-features=\n",
			       feature_names[i].name);
		else if (in_set(forced, f))
			printk(LOG_INFO "CPU: %s is taken for present, forced by cpu-features=\n",
			       feature_names[i].name);
	}
	for (u32 i = 0; i < ARRAY_SIZE(wanted); i++) {
		u32 f = wanted[i].feature;

		if (cpu_has(f))
			continue;
		if (wanted[i].effect == NULL)
			boot_reject("this CPU lacks %s; use another model", name_of(f));
		if (!in_set(forbidden, f))
			printk(LOG_INFO "CPU: no %s: %s (cpu-features=+%s forces it)\n",
			       name_of(f), wanted[i].effect, name_of(f));
	}
}
