import { module, test } from "qunit";
import WithdrawalIntent from "discourse/plugins/fiber-link/discourse/lib/fiber-link/withdrawal-intent";

module("Unit | Lib | fiber-link withdrawal intent", function () {
  test("stays for the same values and is new for others", function (assert) {
    const intent = new WithdrawalIntent();
    const first = intent.keyFor({ amount: "1", fee: "0.1" });
    assert.strictEqual(intent.keyFor({ amount: "1", fee: "0.1" }), first);
    assert.notStrictEqual(intent.keyFor({ amount: "1", fee: "0.2" }), first);
    assert.notStrictEqual(intent.keyFor({ amount: "1", fee: "0.1" }), first);
  });

  test("is new after what was intended is done", function (assert) {
    const intent = new WithdrawalIntent();
    const first = intent.keyFor({ amount: "1" });
    intent.end();
    assert.notStrictEqual(intent.keyFor({ amount: "1" }), first);
  });
});
