/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --access=faults loads into the command (LD_PRELOAD): a process can have a userfaultfd of its own
 * memory only, so each makes one when it starts and hands it to mmcap. That is all that is done here; no
 * function is replaced, no signal taken, no thread made. MMCAP_WATCH has two descriptors that came with the
 * process: the socket to mmcap, and /dev/userfaultfd (or -1), which gives one without privileges that also
 * waits in system calls.
 *
 * Whatever fails, the program runs on as if this were not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int make_userfaultfd(int device)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	int fd = -1;

#ifdef USERFAULTFD_IOC_NEW
	if (device >= 0)
		fd = ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
#else
	(void)device;
#endif
	if (fd < 0)
		fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void hand_over(int socket, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = fd >= 0 ? 'u' : 'n';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("MMCAP_WATCH");
	int saved = errno;
	char *end;
	long socket;
	long device;
	int fd;

	if (!text)
		return;
	socket = strtol(text, &end, 10);
	if (end == text || *end != ',')
		return;
	device = strtol(end + 1, NULL, 10);
	fd = make_userfaultfd((int)device);
	hand_over((int)socket, fd);
	if (fd >= 0)
		close(fd);
	errno = saved;
}
