import { settled } from "@ember/test-helpers";
import { setupTest } from "ember-qunit";
import { module, test } from "qunit";
import pretender, {
  resetPretender,
  response,
} from "discourse/tests/helpers/create-pretender";
import TipWatch from "discourse/plugins/fiber-link/discourse/lib/fiber-link/tip-watch";
import FakeClock from "../../helpers/fake-clock";
import { TIP, unavailable } from "../../helpers/tips";

function setVisibility(value) {
  Object.defineProperty(document, "visibilityState", {
    get: () => value,
    configurable: true,
  });
  document.dispatchEvent(new Event("visibilitychange"));
  return settled();
}

class Bus {
  subscriptions = [];

  subscribe(channel, callback, lastId) {
    this.subscriptions.push({ channel, callback, lastId });
  }

  unsubscribe(channel, callback) {
    this.subscriptions = this.subscriptions.filter(
      (one) => one.callback !== callback
    );
  }

  push(message) {
    this.subscriptions.forEach(({ callback }) => callback(message));
  }
}

module("Unit | Lib | fiber-link | tip-watch", function (hooks) {
  setupTest(hooks);

  hooks.beforeEach(function () {
    resetPretender();
    this.clock = new FakeClock();
    this.start = this.clock.now();
    this.bus = new Bus();
    this.asked = [];
    this.changes = [];
    this.answer = () => response({ tip: TIP });
    pretender.get("/fiber-link/tips/:id", () => {
      this.asked.push((this.clock.now() - this.start) / 1000);
      return this.answer();
    });
    this.watch = (tip = TIP) => {
      const services = {
        messageBus: this.bus,
        lastId: 7,
        clock: this.clock,
      };
      const watch = new TipWatch(tip, services, ({ state }) =>
        this.changes.push(state)
      );
      watch.start();
      return (this.watched = watch);
    };
  });

  hooks.afterEach(function () {
    this.watched?.stop();
    delete document.visibilityState;
  });

  test("it asks after 15, 30 and 60 seconds, then every two minutes", async function (assert) {
    this.watch();

    await this.clock.advance(600);

    assert.deepEqual(
      this.asked,
      [15, 45, 105, 225, 345, 465, 585],
      "seconds after its start"
    );
  });

  test("modals that were opened together do not go on asking together", async function (assert) {
    for (const [share, times] of [
      [0, [15, 45, 105, 165, 285]],
      [0.99, [15, 45, 105, 284, 404]],
    ]) {
      this.clock = new FakeClock();
      this.clock.share = share;
      this.start = this.clock.now();
      this.asked.length = 0;
      const watch = this.watch();

      await this.clock.advance(410);
      watch.stop();

      assert.deepEqual(this.asked.slice(0, 5), times, `drawn: ${share}`);
    }
  });

  test("a push is noticed at once and ends the asking", async function (assert) {
    this.watch();

    this.bus.push({ id: 6, state: "settled" });
    assert.deepEqual(this.changes, [], "another tip is none of its business");
    assert.strictEqual(
      this.bus.subscriptions[0].lastId,
      7,
      "nothing is missed"
    );

    this.bus.push({ id: 5, state: "settled", settled_at: "now" });
    assert.deepEqual(this.changes, ["settled"], "its own is");

    await this.clock.advance(300);
    assert.deepEqual(this.asked, [], "nothing is asked any more");
    assert.strictEqual(this.bus.subscriptions.length, 0, "nor listened to");
  });

  test("an answer that comes late does not take a payment back", async function (assert) {
    this.watch({ ...TIP, state: "expired" });

    this.bus.push({ id: 5, state: "open" });
    this.bus.push({ id: 5, state: "nonsense" });
    assert.deepEqual(this.changes, [], "expired stays expired");

    this.bus.push({ id: 5, state: "settled" });
    this.bus.push({ id: 5, state: "failed" });
    assert.deepEqual(this.changes, ["settled"], "settled stays settled");
  });

  test("an expired tip is not asked for, but its late payment is noticed", async function (assert) {
    this.answer = () => response({ tip: { ...TIP, state: "expired" } });
    this.watch();

    await this.clock.advance(600);
    assert.deepEqual(this.asked, [15], "the asking has ended");

    this.bus.push({ id: 5, state: "settled" });
    assert.deepEqual(this.changes, ["expired", "settled"], "the push counts");
  });

  test("a service that is down is asked again, more slowly", async function (assert) {
    this.answer = unavailable;
    this.watch();
    await this.clock.advance(120);

    this.answer = () => response({ tip: { ...TIP, state: "settled" } });
    await this.clock.advance(120);

    assert.deepEqual(this.asked, [15, 45, 105, 225], "without giving up");
    assert.deepEqual(this.changes, ["settled"], "until it says so");
  });

  test("it waits as long as the forum asks for", async function (assert) {
    this.answer = () =>
      response(429, { errors: ["slow"], extras: { wait_seconds: 200 } });
    this.watch();

    await this.clock.advance(220);

    assert.deepEqual(this.asked, [15, 215], "not sooner");
  });

  test("a tip that is gone is not asked for again", async function (assert) {
    this.answer = () => response(404, { errors: ["gone"] });
    this.watch();

    await this.clock.advance(300);

    assert.deepEqual(this.asked, [15], "once");
  });

  test("a page that nobody looks at does not ask, and does when it is looked at", async function (assert) {
    this.watch();
    await setVisibility("hidden");
    await this.clock.advance(60);
    assert.deepEqual(this.asked, [], "hidden");

    await setVisibility("visible");
    assert.deepEqual(this.asked, [60], "visible again");

    await this.clock.advance(9);
    await setVisibility("hidden");
    await setVisibility("visible");
    assert.deepEqual(this.asked, [60], "but not twice within ten seconds");
  });

  test("it is quiet once it has been stopped", async function (assert) {
    this.watch().stop();

    await this.clock.advance(300);
    await setVisibility("visible");

    assert.deepEqual(this.asked, [], "no questions");
    assert.strictEqual(this.bus.subscriptions.length, 0, "no subscription");
    assert.strictEqual(this.clock.timers.size, 0, "no timer");
  });
});
