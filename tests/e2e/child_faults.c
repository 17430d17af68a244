// Preloaded under a command, this makes one writing call of its forked children fail, or be the last thing a child does.
// strace cannot do that: its counters also hit the parent, and the child's own seccomp filter sees what it puts in.
//
//   CHILD_FAULTS  a file of 8 bytes: the number of writing calls that children made
//   CHILD_AT      which of them to hit, from 1; 0: none
//   CHILD_FAULT   an errno, or "crash"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static uint64_t *calls;
static uint64_t at;
static int fault;  // 0: crash
static int in_child;

static void NoteChild(void) {
  in_child = 1;
}

__attribute__((constructor)) static void Prepare(void) {
  const char *path = getenv("CHILD_FAULTS");
  if (path == NULL) return;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  void *map = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (fd < 0 || map == MAP_FAILED) abort();
  close(fd);
  calls = map;
  at = strtoull(getenv("CHILD_AT"), NULL, 10);
  fault = strcmp(getenv("CHILD_FAULT"), "crash") == 0 ? 0 : atoi(getenv("CHILD_FAULT"));
  pthread_atfork(NULL, NULL, NoteChild);
}

// Whether this call is to fail.
static int Hit(void) {
  if (!in_child || calls == NULL || ++*calls != at) return 0;
  if (fault == 0) __builtin_trap();
  errno = fault;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t size) {
  return Hit() ? -1 : REAL(write)(fd, bytes, size);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  return Hit() ? -1 : REAL(writev)(fd, parts, count);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
  return Hit() ? -1 : REAL(pwrite64)(fd, bytes, size, offset);
}
int ftruncate64(int fd, off64_t size) {
  return Hit() ? -1 : REAL(ftruncate64)(fd, size);
}
int fsync(int fd) {
  return Hit() ? -1 : REAL(fsync)(fd);
}
