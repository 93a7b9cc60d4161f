import { tracked } from "@glimmer/tracking";
import { click, fillIn, render, settled, waitUntil } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, {
  parsePostData,
  response,
} from "discourse/tests/helpers/create-pretender";
import FiberLinkWithdrawals from "discourse/plugins/fiber-link/discourse/components/fiber-link/withdrawals";
import {
  balance,
  deferred,
  quote,
  withdrawal,
} from "../../helpers/fiber-link-fixtures";
import {
  AMOUNT,
  answerQuotesWith,
  DESTINATION,
  SEND,
  WITHDRAWALS,
} from "../../helpers/withdrawal-form";

const BALANCES = [balance()];
const TOGGLE = ".fiber-link-withdrawals__toggle";
const SAME_AGAIN = ".fiber-link-withdrawal-form__same-again";

class Page {
  @tracked isOpen = true;
}

function renderWithdrawals({ changed, page = new Page() } = {}) {
  return render(
    <template>
      {{#if page.isOpen}}
        <FiberLinkWithdrawals
          @balances={{BALANCES}}
          @onChange={{changed}}
          @refreshAfter={{1000000}}
        />
      {{/if}}
    </template>
  );
}

async function write() {
  await click(TOGGLE);
  await fillIn(DESTINATION, "fibt1invoice");
}

module(
  "Integration | Component | FiberLinkWithdrawals without an answer",
  function (hooks) {
    setupRenderingTest(hooks);

    hooks.beforeEach(function () {
      this.keys = [];
      this.answers = [
        response(503, { error_type: "fiber_link_unavailable", errors: ["x"] }),
        response({ withdrawal: withdrawal() }),
      ];
      this.listed = [];
      answerQuotesWith(quote());
      pretender.get(WITHDRAWALS, () =>
        response({ withdrawals: this.listed, next: null })
      );
      pretender.post(WITHDRAWALS, (request) => {
        this.keys.push(parsePostData(request.requestBody).idempotency_key);
        return this.answers.shift();
      });
    });
    hooks.afterEach(() => sessionStorage.clear());

    test("the list and the balance are read again: it may have been made", async function (assert) {
      const changed = () => assert.step("changed");
      await renderWithdrawals({ changed });
      await write();
      this.listed = [withdrawal()];
      await click(SEND);

      assert.dom(SAME_AGAIN).exists("the form says so");
      assert.dom(".fiber-link-withdrawal").exists({ count: 1 }, "it was made");
      assert.verifySteps(["changed"], "the balance is asked for");
    });

    test("what was written and its key stay while the form is closed", async function (assert) {
      await renderWithdrawals();
      await write();
      await click(SEND);
      await click(TOGGLE);
      assert.dom(SAME_AGAIN).doesNotExist("the form is closed");
      await click(TOGGLE);

      assert.dom(DESTINATION).hasValue("fibt1invoice");
      assert.dom(AMOUNT).hasValue("50");
      assert.dom(SAME_AGAIN).exists("it is still not known");
      await click(SEND);
      assert.strictEqual(this.keys.length, 2, "sent again");
      assert.strictEqual(this.keys[1], this.keys[0], "under the same key");

      await click(TOGGLE);
      assert.dom(DESTINATION).hasValue("", "then a new one begins");
    });

    test("its key outlives the page", async function (assert) {
      const page = new Page();
      await renderWithdrawals({ page });
      await write();
      await click(SEND);

      page.isOpen = false;
      await settled();
      page.isOpen = true;
      await settled();
      await write();
      assert.dom(SAME_AGAIN).exists("it is known that it was sent");
      await click(SEND);
      assert.strictEqual(this.keys[1], this.keys[0], "the same key");
    });

    test("the form cannot be closed while it is sent", async function (assert) {
      const answer = deferred();
      this.answers = [answer.promise];
      await renderWithdrawals();
      await write();
      const sending = click(SEND);
      await waitUntil(() => this.keys.length === 1);

      assert.dom(TOGGLE).isDisabled();
      answer.resolve(response({ withdrawal: withdrawal() }));
      await sending;
      await settled();
      assert.dom(TOGGLE).isEnabled("then it can be opened again");
    });

    test("a draft that was closed before its quote came is quoted when it is opened", async function (assert) {
      await renderWithdrawals();
      await click(TOGGLE);
      const typing = fillIn(DESTINATION, "fibt1invoice");
      click(TOGGLE);
      await typing;
      await settled();
      await click(TOGGLE);

      assert.dom(DESTINATION).hasValue("fibt1invoice");
      assert.dom(AMOUNT).hasValue("50");
      assert.dom(SEND).isEnabled();
    });
  }
);
