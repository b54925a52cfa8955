/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 65536 };

static int read_all(int fd, size_t most, struct text *text)
{
	size_t before = text->length;
	char *piece = malloc(PIECE);
	int result = 0;

	must(piece != NULL);
	while (text->length - before <= most) {
		ssize_t got = read(fd, piece, PIECE);

		if (got < 0 && errno == EINTR)
			continue;
		result = got < 0 ? -errno : 0;
		if (got <= 0)
			break;
		text_add(text, (struct str){ piece, (size_t)got });
	}
	free(piece);
	if (result == 0 && text->length - before > most)
		result = -EFBIG;
	if (result < 0)
		text_cut(text, before);
	return result;
}

int file_read(const char *path, size_t most, struct text *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	result = read_all(fd, most, text);
	close(fd);
	return result;
}

static int write_all(int fd, struct str content)
{
	while (content.length > 0) {
		ssize_t done = write(fd, content.at, content.length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		content.at += done;
		content.length -= (size_t)done;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Who may read the file stays as it was. Where its owner cannot be set, nobody else gets it. */
static int keep_access(int fd, const char *path)
{
	struct stat status, fresh;
	mode_t mode;

	if (stat(path, &status) < 0)
		return 0;
	mode = status.st_mode & 0777;
	(void)!fchown(fd, status.st_uid, status.st_gid);
	if (fstat(fd, &fresh) < 0)
		return -errno;
	if (fresh.st_gid != status.st_gid)
		mode &= ~(mode_t)070;
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

static int fill_fresh(int fd, const char *path, struct str content)
{
	int result = keep_access(fd, path);

	if (result == 0)
		result = write_all(fd, content);
	if (close(fd) < 0 && result == 0)
		result = -errno;
	return result;
}

/* The new name of the file is on the disk only when its folder is. */
static int sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, result;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return result;
}

/* Always of the same name: what a crash has left is not left for ever, secrets and all. */
static int open_fresh(const char *fresh)
{
	int fd;

	if (unlink(fresh) < 0 && errno != ENOENT)
		return -errno;
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int replace(const char *path, struct str content)
{
	char fresh[PATH_MAX];
	int fd, result;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	fd = open_fresh(fresh);
	if (fd < 0)
		return fd;
	result = fill_fresh(fd, path, content);
	if (result == 0 && rename(fresh, path) < 0)
		result = -errno;
	if (result < 0) {
		unlink(fresh);
		return result;
	}
	return sync_folder(path);
}

/* Behind a symbolic link the file is replaced, not the link. */
int file_write(const char *path, struct str content)
{
	char real[PATH_MAX];

	return replace(realpath(path, real) != NULL ? real : path, content);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}
