/* SPDX-License-Identifier: Apache-2.0 */
#include "os/memory_file.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 16384 };

static int write_all(int fd, struct str content)
{
	while (content.length > 0) {
		ssize_t done = write(fd, content.at, content.length);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done > 0) {
			content.at += done;
			content.length -= (size_t)done;
		}
	}
	return 0;
}

int memory_file_new(struct str content)
{
	int fd = memfd_create("spillway", MFD_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	result = write_all(fd, content);
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd;
}

int memory_file_read(int fd, struct text *text)
{
	char piece[PIECE];
	off_t at = 0;

	for (;;) {
		ssize_t got = pread(fd, piece, sizeof(piece), at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		text_add(text, (struct str){ piece, (size_t)got });
		at += got;
	}
}
