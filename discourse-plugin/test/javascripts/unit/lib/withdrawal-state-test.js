import { module, test } from "qunit";
import { i18n } from "discourse-i18n";
import {
  isOpen,
  WITHDRAWAL_STATES,
  withdrawalState,
} from "discourse/plugins/fiber-link/discourse/lib/fiber-link/withdrawal-state";

module("Unit | Lib | fiber-link withdrawal state", function () {
  test("every state of the contract has its own words and an icon", function (assert) {
    assert.deepEqual(WITHDRAWAL_STATES, [
      "awaiting_review",
      "waiting_for_liquidity",
      "pending",
      "processing",
      "retrying",
      "completed",
      "failed",
      "released",
      "paid_after_release",
    ]);
    const next = WITHDRAWAL_STATES.map((state) =>
      i18n(withdrawalState(state).next)
    );
    assert.strictEqual(new Set(next).size, 9, "no two say the same");
  });

  test("only those that go on by themselves are open", function (assert) {
    assert.deepEqual(
      WITHDRAWAL_STATES.filter((state) => isOpen({ state })),
      [
        "awaiting_review",
        "waiting_for_liquidity",
        "pending",
        "processing",
        "retrying",
      ]
    );
  });

  test("a state of a newer server is shown as not known", function (assert) {
    for (const state of ["constructor", "__proto__", "new", undefined]) {
      assert.strictEqual(i18n(withdrawalState(state).label), "Not known");
    }
  });
});
