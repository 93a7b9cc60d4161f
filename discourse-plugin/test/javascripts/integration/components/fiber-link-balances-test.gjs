import { render } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import FiberLinkBalances from "discourse/plugins/fiber-link/discourse/components/fiber-link/balances";
import { balance, BEYOND_NUMBERS } from "../../helpers/fiber-link-fixtures";

module("Integration | Component | FiberLinkBalances", function (hooks) {
  setupRenderingTest(hooks);

  test("shows each asset exactly, with what reserved and pending mean", async function (assert) {
    const balances = [
      balance({
        available: BEYOND_NUMBERS,
        reserved: "50.1",
        pending: "0.00000001",
      }),
      balance({ asset: "RUSD", available: "3" }),
    ];
    await render(
      <template><FiberLinkBalances @balances={{balances}} /></template>
    );

    assert
      .dom("[data-asset='CKB'] .--available .fiber-link-balances__amount")
      .hasText(`${BEYOND_NUMBERS} CKB`);
    assert
      .dom("[data-asset='CKB'] .--reserved .fiber-link-balances__amount")
      .hasText("50.1 CKB");
    assert
      .dom("[data-asset='CKB'] .--pending .fiber-link-balances__amount")
      .hasText("0.00000001 CKB", "the smallest there is");
    assert
      .dom("[data-asset='RUSD'] .--available .fiber-link-balances__amount")
      .hasText("3 RUSD");
    assert
      .dom("[data-asset='RUSD'] .--reserved")
      .doesNotExist("nothing is reserved");
  });
});
