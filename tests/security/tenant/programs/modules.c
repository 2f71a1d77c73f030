// modules ATTACK: runs new programs that are costly to compile, until no more are compiled.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
  uint8_t *bytes;
  size_t size, room;
} Bytes;

static void put(Bytes *to, const void *bytes, size_t size) {
  if (to->size + size > to->room) {
    to->room = 2 * (to->size + size);
    to->bytes = realloc(to->bytes, to->room);
    if (to->bytes == NULL) exit(2);
  }
  memcpy(to->bytes + to->size, bytes, size);
  to->size += size;
}

static void byte(Bytes *to, int value) {
  const uint8_t one = (uint8_t)value;
  put(to, &one, 1);
}

static void number(Bytes *to, size_t value) {
  for (; value >= 128; value >>= 7) byte(to, (value & 127) | 128);
  byte(to, value);
}

static void op(Bytes *to, int opcode, size_t operand) {
  byte(to, opcode);
  number(to, operand);
}

static void section(Bytes *module, int id, Bytes content) {
  byte(module, id);
  number(module, content.size);
  put(module, content.bytes, content.size);
  free(content.bytes);
}

enum { kBlock = 2, kEnd = 0x0b, kTable = 0x0e, kGet = 0x20, kSet = 0x21, kConst = 0x41 };

// At the ends of 40 blocks, to which 40 tables lead, the values of 288 locals meet: two seconds for
// one function, and a pass of the compiler over it takes most of that.
static void meetings(Bytes *body) {
  enum { kBlocks = 40, kLocals = 288 };
  put(body, (const uint8_t[]){1}, 1);
  number(body, kLocals);
  byte(body, 0x7f);
  for (int i = 0; i < kBlocks; i++) op(body, kBlock, 0x40);
  for (int i = 0; i < kBlocks; i++) {
    op(body, kBlock, 0x40);
    for (int local = i % 7; local < kLocals; local += 7) {
      put(body, (const uint8_t[]){kConst, 4, 0x28, 2, 0}, 5);
      op(body, kSet, local);
    }
    put(body, (const uint8_t[]){kConst, 4, 0x28, 2, 0}, 5);
    op(body, kTable, kBlocks);
    for (int target = 0; target <= kBlocks; target++) number(body, target < kBlocks ? target : 0);
    byte(body, kEnd);
  }
  for (int i = 0; i < kBlocks; i++) {
    byte(body, kEnd);
    for (int local = 0; local < kLocals; local++) {
      put(body, (const uint8_t[]){kConst, 8}, 2);
      op(body, kGet, local);
      put(body, (const uint8_t[]){0x36, 2, 0}, 3);
    }
  }
}

static void sums(Bytes *body) {
  put(body, (const uint8_t[]){1, 1, 0x7f}, 3);  // an i32
  for (int i = 0; i < 1000; i++)
    put(body, (const uint8_t[]){kGet, 0, kConst, i % 60, 0x6a, kSet, 0}, 7);
}

// So many functions of one kind, and a start that does nothing; no two modules are the same.
static Bytes make(void (*kind)(Bytes *), int count, uint8_t different) {
  Bytes module = {0}, types = {0}, functions = {0}, memory = {0}, exports = {0}, code = {0};
  put(&module, "\0asm\1\0\0\0", 8);
  put(&types, (const uint8_t[]){1, 0x60, 0, 0}, 4);
  number(&functions, count + 1);
  for (int i = 0; i <= count; i++) byte(&functions, 0);
  put(&memory, (const uint8_t[]){1, 0, 1}, 3);
  put(&exports, "\1\6_start\0\0", 10);
  number(&code, count + 1);
  put(&code, (const uint8_t[]){5, 0, kConst, different % 64, 0x1a, kEnd}, 6);
  for (int i = 0; i < count; i++) {
    Bytes body = {0};
    kind(&body);
    byte(&body, kEnd);
    number(&code, body.size);
    put(&code, body.bytes, body.size);
    free(body.bytes);
  }
  section(&module, 1, types);
  section(&module, 3, functions);
  section(&module, 5, memory);
  section(&module, 7, exports);
  section(&module, 10, code);
  return module;
}

static int run(const char *path) {
  const pid_t child = fork();
  if (child == 0) {
    execl(path, path, NULL);
    _exit(errno);
  }
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv) {
  const char *attack = argc > 1 ? argv[1] : "";
  const int one = strcmp(attack, "one") == 0;
  if (!one && strcmp(attack, "many") != 0) return 2;
  for (int i = 0; i < 60; i++) {
    const Bytes module = make(one ? meetings : sums, one ? 1 : 200, (uint8_t)i);
    char path[32];
    snprintf(path, sizeof path, "/tmp/module%d", i);
    const int fd = open(path, O_CREAT | O_WRONLY, 0700);
    if (fd < 0 || write(fd, module.bytes, module.size) != (ssize_t)module.size) return 3;
    close(fd);
    free(module.bytes);
    const int end = run(path);
    unlink(path);
    if (end == ENOMEM) return 0;
    if (end != 0) return 4;
  }
  return 5;  // there was no limit
}
