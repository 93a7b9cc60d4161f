import { module, test } from "qunit";
import {
  checkAmount,
  compareAmounts,
  formatAmount,
  parseAmount,
} from "discourse/plugins/fiber-link/discourse/lib/fiber-link/amount";

const CKB = { asset: "CKB", decimals: 8, minimum: "1", maximum: "100000" };

function refusal(text, limits = CKB) {
  try {
    checkAmount(text, limits);
  } catch (error) {
    return error;
  }
}

module("Unit | Lib | fiber-link | amount", function () {
  test("amounts beyond 2^53 stay exact", function (assert) {
    const units = parseAmount("123456789012345678.12345678", CKB);

    assert.strictEqual(
      units,
      12345678901234567812345678n,
      "every digit is in the base units"
    );
    assert.strictEqual(
      formatAmount(units, 8),
      "123456789012345678.12345678",
      "and comes back"
    );
    assert.strictEqual(
      compareAmounts("9007199254740993", "9007199254740992"),
      1,
      "and neighbours are told apart"
    );
  });

  test("zeros that say nothing are left out", function (assert) {
    assert.strictEqual(formatAmount(150000000n, 8), "1.5", "behind");
    assert.strictEqual(checkAmount(" 007.50 ", CKB), "7.5", "and in front");
    assert.strictEqual(formatAmount(5n, 0), "5", "without decimals");
    assert.strictEqual(formatAmount(1n, 8), "0.00000001", "the smallest unit");
  });

  test("the smallest amount and the limits themselves are allowed", function (assert) {
    assert.strictEqual(checkAmount("1", CKB), "1", "the minimum");
    assert.strictEqual(checkAmount("100000", CKB), "100000", "the maximum");
    assert.strictEqual(
      checkAmount("0.00000001", { asset: "CKB", decimals: 8 }),
      "0.00000001",
      "without limits the smallest unit"
    );
  });

  for (const [text, reason] of [
    ["", "missing"],
    ["   ", "missing"],
    ["abc", "not_a_number"],
    ["1,5", "not_a_number"],
    ["-1", "not_a_number"],
    ["1e3", "not_a_number"],
    ["0x10", "not_a_number"],
    ["1.", "not_a_number"],
    [".5", "not_a_number"],
    ["Infinity", "not_a_number"],
    ["١٢", "not_a_number"],
    ["1.123456789", "too_many_decimals"],
    ["0", "not_positive"],
    ["0.0", "not_positive"],
    ["0.99999999", "below_minimum"],
    ["100000.00000001", "above_maximum"],
  ]) {
    test(`"${text}" is refused as ${reason}`, function (assert) {
      assert.strictEqual(refusal(text)?.reason, reason, "by its reason");
    });
  }

  test("a refusal says what came and what is allowed", function (assert) {
    assert.strictEqual(
      refusal("0.5").words,
      "“0.5” is below the minimum of 1 CKB.",
      "the minimum"
    );
    assert.strictEqual(
      refusal("1.123456789").words,
      "“1.123456789” has too many decimals: CKB has at most 8.",
      "the decimals"
    );
    assert.strictEqual(
      refusal("<b>".repeat(99)).values.came.length,
      41,
      "what came is quoted only as far as it can be read"
    );
  });
});
