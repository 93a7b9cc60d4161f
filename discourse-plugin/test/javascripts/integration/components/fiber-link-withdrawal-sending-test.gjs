import {
  click,
  fillIn,
  find,
  focus,
  settled,
  triggerKeyEvent,
  waitUntil,
} from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, {
  parsePostData,
  response,
} from "discourse/tests/helpers/create-pretender";
import { deferred, quote, withdrawal } from "../../helpers/fiber-link-fixtures";
import {
  AMOUNT,
  answerQuotesWith,
  DESTINATION,
  line,
  ONE,
  renderForm,
  SEND,
  TWO,
  WITHDRAWALS,
} from "../../helpers/withdrawal-form";

module(
  "Integration | Component | FiberLinkWithdrawalForm, sending",
  function (hooks) {
    setupRenderingTest(hooks);

    test("sends once for a double click and hands the withdrawal on", async function (assert) {
      answerQuotesWith(quote());
      const answer = deferred();
      pretender.post(WITHDRAWALS, (request) => {
        assert.propContains(parsePostData(request.requestBody), {
          asset: "CKB",
          amount: "50",
          fee: "0.1",
          destination: "fibt1invoice",
        });
        assert.step("sent");
        return answer.promise;
      });
      const withdrawn = ({ id }) => assert.step(`withdrawn ${id}`);
      await renderForm(ONE, withdrawn);
      await fillIn(DESTINATION, "fibt1invoice");

      const button = find(SEND);
      button.click();
      button.click();
      await waitUntil(() => button.disabled);
      assert.dom(DESTINATION).isDisabled("nothing changes while it is sent");
      button.click();
      answer.resolve(response({ withdrawal: withdrawal() }));
      await settled();

      assert.verifySteps(["sent", "withdrawn w1"]);
      assert.strictEqual(
        this.owner.lookup("service:a11y").politeMessage,
        "The withdrawal was accepted.",
        "it is said aloud"
      );
    });

    test("goes from field to button in the order in which they are read, and sends when the form is submitted", async function (assert) {
      answerQuotesWith(quote());
      pretender.post(WITHDRAWALS, () => {
        assert.step("sent");
        return response({ withdrawal: withdrawal() });
      });
      await renderForm(TWO);
      await fillIn(DESTINATION, "fibt1invoice");

      const stops = [
        ...find(".fiber-link-withdrawal-form").querySelectorAll(
          "select, textarea, input, button"
        ),
      ];
      assert.deepEqual(
        stops.map(({ tagName, tabIndex }) => [tagName, tabIndex]),
        [
          ["SELECT", 0],
          ["TEXTAREA", 0],
          ["INPUT", 0],
          ["BUTTON", 0],
        ],
        "in the order in which they are read"
      );
      for (const stop of stops.slice(0, 3)) {
        assert.dom(`label[for='${stop.id}']`, find(".form-kit")).exists();
      }

      await focus(AMOUNT);
      await triggerKeyEvent(AMOUNT, "keydown", "Enter");
      find(".fiber-link-withdrawal-form").requestSubmit();
      await settled();
      assert.verifySteps(["sent"]);
    });

    test("offers the very same request again when the service did not answer", async function (assert) {
      answerQuotesWith(quote());
      const keys = [];
      pretender.post(WITHDRAWALS, (request) => {
        keys.push(parsePostData(request.requestBody).idempotency_key);
        return keys.length === 1
          ? response(503, {
              error_type: "fiber_link_unavailable",
              errors: ["x"],
            })
          : response({ withdrawal: withdrawal() });
      });
      await renderForm(ONE);
      await fillIn(DESTINATION, "fibt1invoice");
      await click(SEND);

      assert.dom(".fiber-link-failure-note").hasAttribute("role", "alert");
      assert
        .dom(".fiber-link-withdrawal-form__same-again")
        .hasText(
          "Nobody knows yet whether this withdrawal was accepted. It is safe to press the button again: the same withdrawal is never paid twice."
        );
      assert.dom(SEND).isEnabled();

      await click(SEND);
      assert.strictEqual(keys.length, 2, "sent again");
      assert.strictEqual(keys[0], keys[1], "under the same key");
    });

    test("asks again when the fee has changed", async function (assert) {
      answerQuotesWith(quote());
      pretender.post(WITHDRAWALS, () => {
        assert.step("sent");
        return response(422, {
          errors: ["The fee has changed."],
          error_type: "fiber_link_refused",
          extras: { reason: "refused" },
        });
      });
      await renderForm(ONE);
      await fillIn(DESTINATION, "fibt1invoice");
      answerQuotesWith(quote({ fee: "0.3", total: "50.3" }));
      await click(SEND);

      assert.verifySteps(["sent"], "not sent again by itself");
      assert
        .dom(".fiber-link-withdrawal-form__fee-changed")
        .includesText("from 0.1 CKB to 0.3 CKB");
      assert.dom(line("total")).hasText("50.3 CKB", "the fresh quote");
      assert.dom(SEND).isEnabled("it waits for a new agreement");
    });

    test("says what is wrong with a refused request", async function (assert) {
      answerQuotesWith(quote());
      pretender.post(WITHDRAWALS, () =>
        response(422, {
          errors: ["Withdrawals are paused."],
          error_type: "fiber_link_refused",
          extras: { reason: "paused" },
        })
      );
      await renderForm(ONE);
      await fillIn(DESTINATION, "fibt1invoice");
      await click(SEND);

      assert
        .dom(".fiber-link-failure-note__words")
        .hasText("Withdrawals are paused.");
    });
  }
);
