import {
  click,
  fillIn,
  find,
  focus,
  render,
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
import FiberLinkWithdrawalForm from "discourse/plugins/fiber-link/discourse/components/fiber-link/withdrawal-form";
import {
  BEYOND_NUMBERS,
  deferred,
  HOSTILE,
  quote,
  withdrawal,
} from "../../helpers/fiber-link-fixtures";

const QUOTE = "/fiber-link/withdrawals/quote.json";
const WITHDRAWALS = "/fiber-link/withdrawals.json";
const ONE = ["CKB"];
const TWO = ["CKB", "RUSD"];

const DESTINATION = "[data-name='destination'] textarea";
const AMOUNT = "[data-name='amount'] input";
const ASSET = "[data-name='asset'] select";
const SEND = ".fiber-link-withdrawal-form__send";
const REASON = ".fiber-link-withdrawal-form__reason";

function line(name) {
  return `.fiber-link-withdrawal-quote__line.--${name} dd`;
}

function answerQuotesWith(answer) {
  pretender.post(QUOTE, () => response({ quote: answer }));
}

module("Integration | Component | FiberLinkWithdrawalForm", function (hooks) {
  setupRenderingTest(hooks);

  test("shows everything that it costs before the button can be pressed", async function (assert) {
    answerQuotesWith(quote({ review: true }));
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    assert.dom(SEND).isDisabled("there is nothing to send yet");
    assert.dom(ASSET).doesNotExist("there is nothing to choose from");

    await fillIn(DESTINATION, "fibt1invoice");

    assert.dom(AMOUNT).hasValue("50", "the amount of the invoice");
    assert.dom(line("amount")).hasText("50 CKB");
    assert.dom(line("fee")).hasText("0.1 CKB");
    assert.dom(line("total")).hasText("50.1 CKB");
    assert.dom(line("minimum")).hasText("1 CKB");
    assert.dom(line("maximum")).hasText("120.4 CKB");
    assert.dom(line("available")).hasText("120.5 CKB");
    assert
      .dom(".fiber-link-withdrawal-form__review")
      .hasText("People look at this withdrawal before it is paid.");
    assert.dom(SEND).isEnabled("the quote is there and valid");
  });

  test("says why it is not possible and keeps the button away", async function (assert) {
    answerQuotesWith(
      quote({ valid: false, fee: null, total: null, message: "Too little." })
    );
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    await fillIn(DESTINATION, "fibt1invoice");

    assert.dom(REASON).hasText("Too little.");
    assert.dom(line("fee")).doesNotExist("there is no fee to show");
    assert.dom(SEND).isDisabled();
  });

  test("says what can be no invoice, and that asking again would not help", async function (assert) {
    pretender.post(QUOTE, () =>
      response(422, {
        errors: ["Something is wrong."],
        error_type: "fiber_link_refused",
        extras: {
          reason: "invalid",
          fields: [{ field: "destination", message: "Enter an invoice." }],
        },
      })
    );
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    await fillIn(DESTINATION, "no invoice");

    assert.dom(".fiber-link-failure-note__words").hasText("Enter an invoice.");
    assert.dom(".fiber-link-failure-note__retry").doesNotExist();
    assert.dom(SEND).isDisabled();
  });

  test("says what an amount looks like without asking the forum", async function (assert) {
    answerQuotesWith(quote());
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    await fillIn(DESTINATION, "fibt1invoice");
    pretender.post(QUOTE, () => assert.step("asked"));

    await fillIn(AMOUNT, "1e5");

    assert
      .dom(REASON)
      .hasText(
        "An amount is digits with at most one decimal point, like 12.5."
      );
    assert.dom(SEND).isDisabled();
    assert.verifySteps([], "nobody was asked");
  });

  test("asks with the amount that was entered, and exactly so", async function (assert) {
    const asked = [];
    pretender.post(QUOTE, (request) => {
      asked.push(parsePostData(request.requestBody).amount);
      return response({ quote: quote({ amount: BEYOND_NUMBERS }) });
    });
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    await fillIn(DESTINATION, "fibt1invoice");
    await fillIn(AMOUNT, BEYOND_NUMBERS);

    assert.deepEqual(asked, [undefined, BEYOND_NUMBERS]);
    assert.dom(line("amount")).hasText(`${BEYOND_NUMBERS} CKB`);
  });

  test("another invoice takes its own amount, but not over one that was entered", async function (assert) {
    answerQuotesWith(quote({ amount: "50" }));
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    await fillIn(DESTINATION, "fibt1first");
    answerQuotesWith(quote({ amount: "70" }));
    await fillIn(DESTINATION, "fibt1second");
    assert.dom(AMOUNT).hasValue("70", "that of the second invoice");

    await fillIn(AMOUNT, "71");
    answerQuotesWith(quote({ amount: "80" }));
    await fillIn(DESTINATION, "fibt1third");
    assert.dom(AMOUNT).hasValue("71", "what was entered stays");
  });

  test("only the newest answer is shown while typing", async function (assert) {
    const answers = { fibt1first: deferred(), fibt1second: deferred() };
    const asked = [];
    pretender.post(QUOTE, (request) => {
      const { destination } = parsePostData(request.requestBody);
      asked.push(destination);
      return answers[destination].promise;
    });
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );

    const typing = fillIn(DESTINATION, "fibt1first");
    await waitUntil(() => asked.length === 1);
    const typingOn = fillIn(DESTINATION, "fibt1second");
    await waitUntil(() => asked.length === 2);
    answers.fibt1second.resolve(response({ quote: quote({ amount: "2" }) }));
    await waitUntil(() => find(AMOUNT).value === "2");
    answers.fibt1first.resolve(response({ quote: quote({ amount: "1" }) }));
    await Promise.all([typing, typingOn]);

    assert
      .dom(AMOUNT)
      .hasValue("2", "the older answer came last and is nothing");
    assert.dom(line("amount")).hasText("2 CKB");
    assert.dom(SEND).isEnabled();
  });

  test("chooses the asset", async function (assert) {
    const asked = [];
    pretender.post(QUOTE, (request) => {
      const { asset } = parsePostData(request.requestBody);
      asked.push(asset);
      return response({ quote: quote({ asset }) });
    });
    await render(
      <template><FiberLinkWithdrawalForm @assets={{TWO}} /></template>
    );
    await fillIn(DESTINATION, "fibt1invoice");
    await fillIn(ASSET, "RUSD");

    assert.deepEqual(asked, ["CKB", "RUSD"]);
    assert.dom(line("fee")).hasText("0.1 RUSD");
  });

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
    await render(
      <template>
        <FiberLinkWithdrawalForm @assets={{ONE}} @onWithdrawn={{withdrawn}} />
      </template>
    );
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

  test("goes from field to button by keyboard and sends on Enter", async function (assert) {
    answerQuotesWith(quote());
    pretender.post(WITHDRAWALS, () => {
      assert.step("sent");
      return response({ withdrawal: withdrawal() });
    });
    await render(
      <template><FiberLinkWithdrawalForm @assets={{TWO}} /></template>
    );
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
        ? response(503, { error_type: "fiber_link_unavailable", errors: ["x"] })
        : response({ withdrawal: withdrawal() });
    });
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    await fillIn(DESTINATION, "fibt1invoice");
    await click(SEND);

    assert.dom(".fiber-link-failure-note").hasAttribute("role", "alert");
    assert
      .dom(".fiber-link-withdrawal-form__same-again")
      .hasText(
        "It is safe to press the button again: the same withdrawal is never paid twice."
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
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
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
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    await fillIn(DESTINATION, "fibt1invoice");
    await click(SEND);

    assert
      .dom(".fiber-link-failure-note__words")
      .hasText("Withdrawals are paused.");
  });

  test("a quote that fails says so and can be asked for again", async function (assert) {
    pretender.post(QUOTE, () =>
      response(429, { error_type: "rate_limit", extras: { wait_seconds: 3 } })
    );
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    await fillIn(DESTINATION, "fibt1invoice");
    assert.dom(".fiber-link-failure-note").includesText("3 seconds");
    assert.dom(SEND).isDisabled();

    answerQuotesWith(quote());
    await click(".fiber-link-failure-note__retry");
    assert.dom(".fiber-link-failure-note").doesNotExist();
    assert.dom(AMOUNT).hasValue("50");
    assert.dom(SEND).isEnabled();
  });

  test("markup from the server is text", async function (assert) {
    answerQuotesWith(quote({ valid: false, message: HOSTILE }));
    await render(
      <template><FiberLinkWithdrawalForm @assets={{ONE}} /></template>
    );
    await fillIn(DESTINATION, HOSTILE);

    assert.dom(REASON).includesText(HOSTILE);
    assert.dom(".fiber-link-withdrawal-form img").doesNotExist();
    assert.strictEqual(globalThis.__ran, undefined, "nothing ran");
  });
});
