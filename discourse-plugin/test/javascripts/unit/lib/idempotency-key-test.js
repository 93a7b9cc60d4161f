import { module, test } from "qunit";
import IdempotencyKey from "discourse/plugins/fiber-link/discourse/lib/fiber-link/idempotency-key";

module("Unit | Lib | fiber-link idempotency key", function () {
  test("stays for the same values and is new for others", function (assert) {
    const key = new IdempotencyKey();
    const first = key.for({ amount: "1", fee: "0.1" });
    assert.strictEqual(key.for({ amount: "1", fee: "0.1" }), first);
    assert.notStrictEqual(key.for({ amount: "1", fee: "0.2" }), first);
    assert.notStrictEqual(key.for({ amount: "1", fee: "0.1" }), first);
  });

  test("is new after what was intended is done", function (assert) {
    const key = new IdempotencyKey();
    const first = key.for({ amount: "1" });
    key.forget();
    assert.notStrictEqual(key.for({ amount: "1" }), first);
  });
});
