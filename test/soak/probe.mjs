// Loaded into the server's process before anything else: tells its parent how many timers and bytes it holds.
import { createHook } from "node:async_hooks";

const timers = new Set();
createHook({
  init(id, type) {
    if (type === "Timeout") timers.add(id);
  },
  destroy(id) {
    timers.delete(id);
  },
}).enable();

process.on("message", () => {
  globalThis.gc();
  // What a collection frees by finalizers is there only after the next one.
  setImmediate(() => {
    globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    process.send({ timers: timers.size, heap: heapUsed + external, rss });
  });
});
// The channel keeps nobody from ending.
process.channel.unref();
