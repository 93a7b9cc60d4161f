import { click, fillIn, findAll, render, waitFor } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkWalletPage from "discourse/plugins/fiber-link/discourse/components/fiber-link/wallet-page";
import {
  balance,
  preferences,
  quote,
  tip,
  wallet,
  withdrawal,
} from "../../helpers/fiber-link-fixtures";

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

  test("shows what is left in merged accounts, each by itself", async function (assert) {
    const asked = [];
    pretender.get("/fiber-link/wallet.json", ({ queryParams: { account } }) => {
      asked.push(account);
      if (account === "6") {
        return response(503, {});
      }
      return response(
        wallet({
          balances: [balance({ available: account ? "7" : "61.39" })],
          former_accounts: [
            { id: "5", username: "eve_of_old" },
            { id: "6", username: null },
          ],
        })
      );
    });
    const withdrawalsOf = [];
    pretender.get("/fiber-link/withdrawals.json", ({ queryParams }) => {
      withdrawalsOf.push(queryParams.account);
      return response({ withdrawals: [], next: null });
    });
    await render(<template><FiberLinkWalletPage /></template>);

    assert.deepEqual(asked, [undefined, "5", "6"]);
    assert.deepEqual(withdrawalsOf, [undefined, "5"]);
    const merged = "[data-account='5']";
    assert.dom(`${merged} > h3`).hasText("Merged account eve_of_old");
    assert
      .dom(`${merged} .fiber-link-balances__part.--available dd`)
      .includesText("7 CKB");
    assert
      .dom(`${merged} .fiber-link-withdrawals__title`)
      .hasText("Withdrawals of merged account eve_of_old");
    assert.dom("[data-account='6'] > h3").hasText("Merged account 6");
    assert.dom(".fiber-link-failure-note").exists({ count: 1 });
    assert.dom("[data-account='6'] .fiber-link-failure-note").exists();
  });

  test("withdraws from a merged account what was asked of it", async function (assert) {
    pretender.get("/fiber-link/wallet.json", () =>
      response(wallet({ former_accounts: [{ id: "5", username: "old" }] }))
    );
    const accounts = [];
    pretender.post("/fiber-link/withdrawals/quote.json", ({ requestBody }) => {
      accounts.push(new URLSearchParams(requestBody).get("account"));
      return response({ quote: quote() });
    });
    pretender.post("/fiber-link/withdrawals.json", ({ requestBody }) => {
      accounts.push(new URLSearchParams(requestBody).get("account"));
      return response({ withdrawal: withdrawal() });
    });
    await render(<template><FiberLinkWalletPage /></template>);

    const forms = [...findAll(".fiber-link-withdrawals__form")];
    assert.strictEqual(new Set(forms.map(({ id }) => id)).size, 2, "two ids");
    await click("[data-account='5'] .fiber-link-withdrawals__toggle");
    assert.dom(".fiber-link-withdrawal-form").exists({ count: 1 });
    await fillIn(".fiber-link-withdrawal-form__destination", "fibt1invoice");
    await waitFor(".fiber-link-withdrawal-form__send:not([disabled])");
    await click(".fiber-link-withdrawal-form__send");
    assert.deepEqual(accounts, ["5", "5"]);
    assert
      .dom("[data-account='5'] .fiber-link-withdrawal")
      .exists({ count: 1 }, "it is in the list of that account");
    assert.dom(".fiber-link-withdrawal").exists({ count: 1 });
  });

  test("says how long to wait after too many questions", async function (assert) {
    pretender.get("/fiber-link/wallet.json", () =>
      response(429, { error_type: "rate_limit", extras: { wait_seconds: 9 } })
    );
    await render(<template><FiberLinkWalletPage /></template>);
    assert.dom(".fiber-link-failure-note").includesText("9 seconds");
  });
});
