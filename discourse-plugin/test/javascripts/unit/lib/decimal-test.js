import { module, test } from "qunit";
import {
  isDecimal,
  isPositive,
} from "discourse/plugins/fiber-link/discourse/lib/fiber-link/decimal";
import { BEYOND_NUMBERS } from "../../helpers/fiber-link-fixtures";

module("Unit | Lib | fiber-link decimal", function () {
  test("takes digits with at most one decimal point", function (assert) {
    for (const text of ["0", "1", "1.5", "007", BEYOND_NUMBERS]) {
      assert.true(isDecimal(text), text);
    }
    for (const text of ["", " 1", "1.", ".5", "1e5", "-1", "١", 1, null]) {
      assert.false(isDecimal(text), String(text));
    }
  });

  test("tells nothing from the smallest something", function (assert) {
    assert.false(isPositive("0.00000000"));
    assert.false(isPositive("-1"));
    assert.true(isPositive("0.00000001"));
    assert.true(isPositive(BEYOND_NUMBERS));
  });
});
