// toolcalls TOOL PARALLEL ROUNDS: calls a tool ROUNDS times, PARALLEL calls at a time.
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kMost = 256 };

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const int parallel = atoi(argv[2]), rounds = atoi(argv[3]);
  int devices[kMost];
  char request[300], answer[300];
  const int size = snprintf(request, sizeof request, "call %s 2\n{}", argv[1]);
  if (parallel < 1 || parallel > kMost) return 2;
  for (int i = 0; i < parallel; ++i) {
    devices[i] = open("/dev/tool", O_RDWR);
    if (devices[i] < 0) return 1;
  }
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < parallel; ++i) {
      if (write(devices[i], request, (size_t)size) != size) return 1;
    }
    for (int i = 0; i < parallel; ++i) {
      const ssize_t got = read(devices[i], answer, sizeof answer);
      if (got < 3 || memcmp(answer, "ok ", 3) != 0) return 1;
    }
  }
  return 0;
}
