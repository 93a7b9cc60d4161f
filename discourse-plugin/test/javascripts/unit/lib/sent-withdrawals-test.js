import { setupTest } from "ember-qunit";
import { module, test } from "qunit";
import SentWithdrawals from "discourse/plugins/fiber-link/discourse/lib/fiber-link/sent-withdrawals";

const STORED = "fiber-link-test";
const VALUES = {
  asset: "CKB",
  amount: "1",
  fee: "0.1",
  destination: "fibt1invoice",
};

module("Unit | Lib | fiber-link sent withdrawals", function (hooks) {
  setupTest(hooks);
  hooks.afterEach(() => sessionStorage.removeItem(STORED));

  test("the same withdrawal is the same request, with the fee agreed to first", function (assert) {
    const sent = new SentWithdrawals();
    const first = sent.begin(VALUES);
    assert.true(first.idempotency_key.length >= 32, "a random key");
    assert.deepEqual(sent.begin({ ...VALUES, fee: "0.2" }), first);
    for (const change of [
      { asset: "RUSD" },
      { amount: "2" },
      { destination: "fibt1other" },
    ]) {
      assert.notStrictEqual(
        sent.begin({ ...VALUES, ...change }).idempotency_key,
        first.idempotency_key,
        `another ${Object.keys(change)} is another one`
      );
    }
    assert.deepEqual(sent.begin(VALUES), first, "also after others");
  });

  test("one that has ended is forgotten", function (assert) {
    const sent = new SentWithdrawals();
    const first = sent.begin(VALUES);
    sent.end(first);
    assert.strictEqual(sent.find(VALUES), undefined);
    assert.notStrictEqual(
      sent.begin(VALUES).idempotency_key,
      first.idempotency_key
    );
  });

  test("outlives a reload until it has ended", function (assert) {
    const first = new SentWithdrawals(STORED).begin(VALUES);

    const reloaded = new SentWithdrawals(STORED);
    assert.deepEqual(reloaded.find(VALUES), first, "still known");
    assert.strictEqual(
      new SentWithdrawals().find(VALUES),
      undefined,
      "not where nothing is stored"
    );

    reloaded.end(first);
    assert.strictEqual(new SentWithdrawals(STORED).find(VALUES), undefined);
  });

  for (const nonsense of ["{", "null", "7", '[null, {"asset": 1}]']) {
    test(`takes no notice of ${nonsense} in the storage`, function (assert) {
      sessionStorage.setItem(STORED, nonsense);
      assert.deepEqual(new SentWithdrawals(STORED).requests, []);
    });
  }
});
