import {
  click,
  fillIn,
  findAll,
  render,
  settled,
  waitUntil,
} from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkWithdrawals from "discourse/plugins/fiber-link/discourse/components/fiber-link/withdrawals";
import {
  balance,
  BEYOND_NUMBERS,
  HOSTILE,
  quote,
  withdrawal,
} from "../../helpers/fiber-link-fixtures";

const WITHDRAWALS = "/fiber-link/withdrawals.json";
const BALANCES = [balance()];
const NOTHING = [balance({ available: "0.000" })];

function answerWith(...withdrawals) {
  pretender.get(WITHDRAWALS, () => response({ withdrawals, next: null }));
}

function row(state) {
  return `.fiber-link-withdrawal[data-state='${state}']`;
}

module("Integration | Component | FiberLinkWithdrawals", function (hooks) {
  setupRenderingTest(hooks);

  test("says for each state what happens next", async function (assert) {
    answerWith(
      withdrawal({ id: "1", state: "awaiting_review" }),
      withdrawal({ id: "2", state: "waiting_for_liquidity" }),
      withdrawal({ id: "3", state: "processing" }),
      withdrawal({
        id: "4",
        state: "retrying",
        next_attempt_at: "2026-11-20T10:05:00Z",
      }),
      withdrawal({ id: "5", state: "completed", fee_is_final: true }),
      withdrawal({ id: "6", state: "failed", reason: "No route." }),
      withdrawal({ id: "7", state: "released" }),
      withdrawal({ id: "8", state: "paid_after_release" })
    );
    await render(
      <template>
        <FiberLinkWithdrawals
          @balances={{BALANCES}}
          @refreshAfter={{1000000}}
        />
      </template>
    );

    assert.dom(row("awaiting_review")).includesText("People look at it first.");
    assert.dom(row("waiting_for_liquidity")).includesText("as soon as it can");
    assert.dom(row("processing")).includesText("on its way");
    assert.dom(row("retrying")).includesText("Next try:");
    assert
      .dom(`${row("retrying")} .fiber-link-withdrawal__next-attempt time`)
      .hasAttribute("datetime", "2026-11-20T10:05:00Z", "when it is tried next")
      .includesText(":05", "in words as well");
    assert.dom(row("completed")).includesText("Fee: 0.1 CKB");
    assert.dom(row("failed")).includesText("the money is available again");
    assert.dom(row("failed")).includesText("Reason: No route.");
    assert.dom(row("failed")).includesText("Fee: at most 0.1 CKB");
    assert.dom(row("released")).includesText("Should the payment still arrive");
    assert
      .dom(row("paid_after_release"))
      .includesText("Your balance stays as it is");
  });

  test("speaks of an invoice only where one was paid", async function (assert) {
    answerWith(
      withdrawal({ id: "1", state: "completed" }),
      withdrawal({
        id: "2",
        state: "completed",
        destination: "ckt1qzda0cr08m85hc8jlnfp3",
      })
    );
    await render(
      <template><FiberLinkWithdrawals @balances={{BALANCES}} /></template>
    );

    const next = findAll(".fiber-link-withdrawal__next");
    assert.dom(next[0]).includesText("The invoice is paid.");
    assert.dom(next[1]).includesText("It is paid to the address.");
    assert
      .dom(".fiber-link-withdrawal__destination summary")
      .hasText("Destination");
  });

  test("without withdrawals and without a balance there is nothing to do", async function (assert) {
    answerWith();
    await render(
      <template><FiberLinkWithdrawals @balances={{NOTHING}} /></template>
    );
    assert
      .dom(".fiber-link-paged-list__empty")
      .hasText("You have not withdrawn anything yet.");
    assert
      .dom(".fiber-link-withdrawals__nothing")
      .hasText("There is nothing to withdraw yet.");
    assert.dom(".fiber-link-withdrawals__toggle").doesNotExist();
  });

  test("a new withdrawal is in the list at once and the balance is read again", async function (assert) {
    answerWith(withdrawal({ id: "old", state: "completed" }));
    pretender.post("/fiber-link/withdrawals/quote.json", () =>
      response({ quote: quote({ amount: BEYOND_NUMBERS }) })
    );
    pretender.post(WITHDRAWALS, () =>
      response({
        withdrawal: withdrawal({ id: "new", amount: BEYOND_NUMBERS }),
      })
    );
    const changed = () => assert.step("changed");
    await render(
      <template>
        <FiberLinkWithdrawals
          @balances={{BALANCES}}
          @onChange={{changed}}
          @refreshAfter={{1000000}}
        />
      </template>
    );
    assert
      .dom(".fiber-link-withdrawals__toggle")
      .hasAttribute("aria-expanded", "false");

    await click(".fiber-link-withdrawals__toggle");
    assert
      .dom(".fiber-link-withdrawals__toggle")
      .hasAttribute("aria-expanded", "true");
    await fillIn("[data-name='destination'] textarea", "fibt1invoice");
    await click(".fiber-link-withdrawal-form__send");

    assert.dom(".fiber-link-withdrawal").exists({ count: 2 });
    assert
      .dom(".fiber-link-withdrawal:first-child .fiber-link-withdrawal__amount")
      .hasText(`${BEYOND_NUMBERS} CKB`, "the new one is first, and exact");
    assert
      .dom(".fiber-link-withdrawal-form")
      .doesNotExist("the form is closed");
    assert
      .dom(".fiber-link-withdrawals__title")
      .isFocused("one goes on at the list, where it is");
    assert.verifySteps(["changed"]);
  });

  test("refreshes itself while one is open, and reads the balance when it ends", async function (assert) {
    let count = 0;
    pretender.get(WITHDRAWALS, () => {
      count++;
      const state = count < 3 ? "processing" : "completed";
      return response({ withdrawals: [withdrawal({ state })], next: null });
    });
    const changed = () => assert.step("changed");
    await render(
      <template>
        <FiberLinkWithdrawals
          @balances={{BALANCES}}
          @onChange={{changed}}
          @refreshAfter={{10}}
        />
      </template>
    );
    assert.dom(row("processing")).exists("it is on its way");

    await waitUntil(() => count >= 3);
    await settled();
    assert.dom(row("completed")).exists("it has arrived");
    assert.verifySteps(["changed"], "the balance changed once");

    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    assert.strictEqual(count, 3, "nothing is open: nobody asks any more");
  });

  test("loads more", async function (assert) {
    pretender.get(WITHDRAWALS, ({ queryParams }) =>
      queryParams.before
        ? response({
            withdrawals: [withdrawal({ id: "2", state: "failed" })],
            next: null,
          })
        : response({
            withdrawals: [withdrawal({ id: "1", state: "completed" })],
            next: "cursor",
          })
    );
    await render(
      <template><FiberLinkWithdrawals @balances={{BALANCES}} /></template>
    );
    assert.dom(".fiber-link-withdrawal").exists({ count: 1 });
    await click(".fiber-link-paged-list__more");
    assert.dom(".fiber-link-withdrawal").exists({ count: 2 });
    assert.dom(".fiber-link-paged-list__more").doesNotExist("that was all");
  });

  test("says that the service does not answer and tries again on request", async function (assert) {
    pretender.get(WITHDRAWALS, () => response(503, {}));
    await render(
      <template><FiberLinkWithdrawals @balances={{BALANCES}} /></template>
    );
    assert.dom(".fiber-link-failure-note").includesText("does not answer");

    answerWith(withdrawal({ state: "completed" }));
    await click(".fiber-link-failure-note__retry");
    assert.dom(".fiber-link-failure-note").doesNotExist();
    assert.dom(row("completed")).exists();
  });

  test("markup in a reason or a destination is text", async function (assert) {
    answerWith(
      withdrawal({ state: "failed", reason: HOSTILE, destination: HOSTILE })
    );
    await render(
      <template><FiberLinkWithdrawals @balances={{BALANCES}} /></template>
    );
    assert.dom(".fiber-link-withdrawal__reason").includesText(HOSTILE);
    assert
      .dom(".fiber-link-withdrawal__destination code")
      .hasText(HOSTILE, "shown as it came");
    assert.dom(".fiber-link-withdrawals img").doesNotExist();
    assert.dom(".fiber-link-withdrawals script").doesNotExist();
    assert.strictEqual(globalThis.__ran, undefined, "nothing ran");
  });
});
