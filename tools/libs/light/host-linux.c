/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Linux does for devices of guests: loop devices, bridges, scripts. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/sockios.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"
#include "host-linux.h"

#define SCRIPT_MS 40000

static int loop_find(char dev[64])
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), n, rc;

	if (control < 0)
		return -errno;
	n = ioctl(control, LOOP_CTL_GET_FREE);
	rc = n < 0 ? -errno : 0;
	close(control);
	snprintf(dev, 64, "/dev/loop%d", n);
	return rc;
}

static int loop_attach(const char *dev, const char *path, bool readonly)
{
	int mode = (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC, file = open(path, mode), fd, rc;
	struct loop_config config = { .fd = (uint32_t)file };

	if (file < 0)
		return -errno;
	fd = open(dev, mode);
	config.info.lo_flags = readonly ? LO_FLAGS_READ_ONLY : 0;
	snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name), "%s", path);
	rc = fd < 0 || ioctl(fd, LOOP_CONFIGURE, &config) ? -errno : 0;
	if (fd >= 0)
		close(fd);
	close(file);
	return rc;
}

static void loop_detach(const char *dev, const char *path)
{
	int fd = open(dev, O_RDONLY | O_CLOEXEC);
	struct loop_info64 info;
	struct stat st;

	if (fd < 0)
		return;
	/* The name may have been written and then not used; or the file has been deleted. */
	if (!ioctl(fd, LOOP_GET_STATUS64, &info) &&
	    (stat(path, &st) || (info.lo_inode == st.st_ino && info.lo_device == st.st_dev) ||
	     (S_ISBLK(st.st_mode) && info.lo_rdevice == st.st_rdev)))
		ioctl(fd, LOOP_CLR_FD);
	close(fd);
}

static int stat_disk(const char *path, bool *block, uint32_t *maj, uint32_t *min)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	*block = S_ISBLK(st.st_mode);
	*maj = major(st.st_rdev);
	*min = minor(st.st_rdev);
	return *block || S_ISREG(st.st_mode) ? 0 : -ENOTBLK;
}

static bool file_has(const char *path, const char *text)
{
	char buf[8192];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	if (f)
		fclose(f);
	buf[n] = '\0';
	return strstr(buf, text);
}

/* A PV kernel knows whose page is where, and one that bounces all transfers copies. */
static bool dma_as_mapped(void)
{
	return file_has("/sys/hypervisor/guest_type", "PVH") &&
		!file_has("/proc/cmdline", "swiotlb=force");
}

static int set_up(int sock, const char *ifname, uint32_t mtu)
{
	struct ifreq r = { 0 };

	strncpy(r.ifr_name, ifname, IFNAMSIZ - 1);
	if (mtu) {
		r.ifr_mtu = (int)mtu;
		if (ioctl(sock, SIOCSIFMTU, &r))
			return -errno;
	}
	if (ioctl(sock, SIOCGIFFLAGS, &r))
		return -errno;
	r.ifr_flags = (short)(r.ifr_flags | IFF_UP);
	return ioctl(sock, SIOCSIFFLAGS, &r) ? -errno : 0;
}

/* The name of an interface that is down. */
static int rename_it(int sock, const char *ifname, const char *rename)
{
	struct ifreq r = { 0 };

	if (!if_nametoindex(ifname) && if_nametoindex(rename))
		return 0;	/* it has it already */
	strncpy(r.ifr_name, ifname, IFNAMSIZ - 1);
	strncpy(r.ifr_newname, rename, IFNAMSIZ - 1);
	return ioctl(sock, SIOCSIFNAME, &r) ? -errno : 0;
}

static int vif_up(const char *ifname, const char *rename, const char *bridge, uint32_t mtu)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;
	struct ifreq r = { 0 };

	if (sock < 0)
		return -errno;
	if (rename)
		rc = rename_it(sock, ifname, rename);
	ifname = rename ? rename : ifname;
	strncpy(r.ifr_name, bridge ? bridge : "", IFNAMSIZ - 1);
	r.ifr_ifindex = (int)if_nametoindex(ifname);
	if (!rc && !r.ifr_ifindex)
		rc = -ENODEV;
	if (!rc && bridge && ioctl(sock, SIOCBRADDIF, &r) && errno != EBUSY)
		rc = -errno;
	if (!rc)
		rc = set_up(sock, ifname, mtu);
	close(sock);
	return rc;
}

/* Append the names of the bridges there are. */
static void list_bridges(char why[256])
{
	char path[PATH_MAX];
	struct dirent *e;
	bool any = false;
	DIR *net;

	snprintf(path, sizeof(path), "%.200s/class/net", lx_sys_root);
	net = opendir(path);
	while (net && (e = readdir(net))) {
		size_t n = strlen(why);

		snprintf(path, sizeof(path), "%.200s/class/net/%.200s/bridge", lx_sys_root,
			 e->d_name);
		if (access(path, F_OK))
			continue;
		snprintf(why + n, 256 - n, "%s%s", any ? ", " : "; there are: ", e->d_name);
		any = true;
	}
	if (net)
		closedir(net);
	if (!any)
		snprintf(why + strlen(why), 256 - strlen(why), ", nor any other: ip link add NAME "
			 "type bridge; ip link set NAME up");
}

static bool vif_lacks(const char *script, const char *bridge, char why[256])
{
	char path[PATH_MAX];

	if (script && access(script, X_OK)) {
		snprintf(why, 256, "cannot run its script %.160s: %s", script, strerror(errno));
		return true;
	}
	if (!bridge)
		return false;
	snprintf(path, sizeof(path), "%.200s/class/net/%.32s/bridge", lx_sys_root, bridge);
	if (!access(path, F_OK))
		return false;
	snprintf(why, 256, "there is no bridge %.32s", bridge);
	list_bridges(why);
	return true;
}

static int wait_child(pid_t pid)
{
	uint64_t until = lx_now() + SCRIPT_MS * 1000000ULL;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (lx_now() > until) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -ETIMEDOUT;
		}
		usleep(LX_DEVICE_POLL_MS * 1000);
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

static int run_script(const char *script, const char *action, const char *backend,
		      const char *ifname)
{
	const char *path = strstr(backend, "/backend/");
	bool disk = strstr(backend, "/backend/vbd/");
	pid_t pid;

	path = path ? path + 1 : backend;

	if (access(script, X_OK))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid)
		return wait_child(pid);
	setenv("XENBUS_PATH", path, 1);
	setenv("XENBUS_TYPE", disk ? "vbd" : "vif", 1);
	setenv("XENBUS_BASE_PATH", "backend", 1);
	setenv("vif", ifname ? ifname : "", 1);
	setenv("script", script, 1);
	execl(script, script, action, disk ? NULL : "type_if=vif", (char *)NULL);
	_exit(127);
}

const struct lx_host_ops lx_host_linux = {
	.loop_find = loop_find,
	.loop_attach = loop_attach,
	.loop_detach = loop_detach,
	.extents = lx_linux_extents,
	.device_extents = lx_linux_device_extents,
	.mounted = lx_linux_mounted,
	.held = lx_linux_held,
	.stat_disk = stat_disk,
	.dma_as_mapped = dma_as_mapped,
	.vif_up = vif_up,
	.vif_lacks = vif_lacks,
	.script = run_script,
	.dm_start = lx_linux_dm_start,
	.dm_runs = lx_linux_dm_runs,
	.dm_watch = lx_linux_dm_watch,
	.dm_end = lx_linux_dm_end,
	.qmp = lx_linux_qmp,
	.pci_driver = lx_linux_pci_driver,
	.pci_unbind = lx_linux_pci_unbind,
	.pci_bind = lx_linux_pci_bind,
	.pci_reset = lx_linux_pci_reset,
};
