// What of v8 has a meaning for another engine.
'use strict';

module.exports = {
  getHeapStatistics() {
    const [total, used] = native.heap(), [, , , limit] = native.usage();
    return { total_heap_size: total, used_heap_size: used, heap_size_limit: limit, malloced_memory: total, number_of_native_contexts: 1 };
  },
  setFlagsFromString() {},
};
