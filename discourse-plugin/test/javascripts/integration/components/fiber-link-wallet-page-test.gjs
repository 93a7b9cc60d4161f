import { click, render } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkWalletPage from "discourse/plugins/fiber-link/discourse/components/fiber-link/wallet-page";
import { preferences, tip, wallet } from "../../helpers/fiber-link-fixtures";

module("Integration | Component | FiberLinkWalletPage", function (hooks) {
  setupRenderingTest(hooks);

  hooks.beforeEach(function () {
    pretender.get("/fiber-link/preferences.json", () =>
      response({ preferences: preferences({ notified: false }) })
    );
    pretender.get("/fiber-link/wallet/tips.json", () =>
      response({ tips: [tip()], next: null })
    );
    pretender.get("/fiber-link/withdrawals.json", () =>
      response({ withdrawals: [], next: null })
    );
  });

  test("shows the tips and what was chosen also while the service does not answer", async function (assert) {
    pretender.get("/fiber-link/wallet.json", () => response(503, {}));
    await render(<template><FiberLinkWalletPage /></template>);

    assert.dom(".fiber-link-failure-note").exists({ count: 1 }, "said once");
    assert.dom(".fiber-link-history-tip").exists({ count: 1 });
    assert.dom(".fiber-link-balances").doesNotExist("nobody knows them");
    assert.dom(".fiber-link-withdrawals").doesNotExist("nor what may be sent");

    assert
      .dom("[data-setting-name='notified'] [role='switch']")
      .hasAria("checked", "false", "the forum knows what was chosen");

    pretender.get("/fiber-link/wallet.json", () => response(wallet()));
    await click(".fiber-link-failure-note__retry");
    assert.dom(".fiber-link-failure-note").doesNotExist();
    assert.dom(".fiber-link-balances").exists("now they are known");
  });

  test("says how long to wait after too many questions", async function (assert) {
    pretender.get("/fiber-link/wallet.json", () =>
      response(429, { error_type: "rate_limit", extras: { wait_seconds: 9 } })
    );
    await render(<template><FiberLinkWalletPage /></template>);
    assert.dom(".fiber-link-failure-note").includesText("9 seconds");
  });
});
