import { module, test } from "qunit";
import SlowRefresh from "discourse/plugins/fiber-link/discourse/lib/fiber-link/slow-refresh";

function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

module("Unit | Lib | fiber-link slow refresh", function () {
  test("refreshes while it is wanted, slower each time up to a limit, and then stops", async function (assert) {
    const waits = [];
    const { setTimeout: realTimeout } = globalThis;
    globalThis.setTimeout = (callback, wait) => {
      waits.push(wait);
      return realTimeout(callback, 0);
    };
    let count = 0;
    const done = new Promise((resolve) => {
      new SlowRefresh({
        refresh: async () => count++,
        wanted: () => {
          if (count === 5) {
            resolve();
          }
          return count < 5;
        },
        first: 1000,
        longest: 3000,
      }).start();
    });

    try {
      await done;
    } finally {
      globalThis.setTimeout = realTimeout;
    }
    assert.deepEqual(waits, [1000, 1500, 2250, 3000, 3000]);
  });

  test("does nothing after it was stopped, also in the middle of a refresh", async function (assert) {
    let count = 0;
    const refreshing = new SlowRefresh({
      refresh: async () => {
        count++;
        await pause(20);
      },
      wanted: () => true,
      first: 5,
      longest: 5,
    });

    refreshing.start();
    await pause(15);
    refreshing.stop();
    await pause(100);

    assert.strictEqual(count, 1);
  });

  test("does not start when nothing is open", async function (assert) {
    let count = 0;
    const refreshing = new SlowRefresh({
      refresh: async () => count++,
      wanted: () => false,
      first: 1,
      longest: 1,
    });
    refreshing.start();
    await pause(30);
    assert.strictEqual(count, 0);
  });
});
