import { module, test } from "qunit";
import SlowRefresh from "discourse/plugins/fiber-link/discourse/lib/fiber-link/slow-refresh";

function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

module("Unit | Lib | fiber-link slow refresh", function () {
  test("refreshes while it is wanted, slower each time, and then stops", async function (assert) {
    const times = [];
    const refreshing = new SlowRefresh({
      refresh: async () => times.push(performance.now()),
      wanted: () => times.length < 4,
      first: 20,
      longest: 60,
    });

    times.push(performance.now());
    refreshing.start();
    await pause(400);

    assert.strictEqual(times.length, 4, "three times, then no more");
    const waits = times.slice(1).map((time, index) => time - times[index]);
    assert.true(waits[2] > waits[0], `slower and slower: ${waits}`);
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
