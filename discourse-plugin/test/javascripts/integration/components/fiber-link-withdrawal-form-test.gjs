import { click, fillIn, find, focus, waitUntil } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, {
  parsePostData,
  response,
} from "discourse/tests/helpers/create-pretender";
import {
  BEYOND_NUMBERS,
  deferred,
  HOSTILE,
  quote,
} from "../../helpers/fiber-link-fixtures";
import {
  AMOUNT,
  answerQuotesWith,
  ASSET,
  DESTINATION,
  line,
  ONE,
  QUOTE,
  REASON,
  renderForm,
  SEND,
  TWO,
} from "../../helpers/withdrawal-form";

module("Integration | Component | FiberLinkWithdrawalForm", function (hooks) {
  setupRenderingTest(hooks);

  test("shows everything that it costs before the button can be pressed", async function (assert) {
    answerQuotesWith(quote({ review: true }));
    await renderForm(ONE);
    assert.dom(SEND).isDisabled("there is nothing to send yet");
    assert.dom(ASSET).doesNotExist("there is nothing to choose from");
    assert
      .dom("[data-name='destination'] label")
      .hasText("Invoice or CKB address", "what may be entered");

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
    await renderForm(ONE);
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
    await renderForm(ONE);
    await fillIn(DESTINATION, "no invoice");

    assert.dom(".fiber-link-failure-note__words").hasText("Enter an invoice.");
    assert.dom(".fiber-link-failure-note__retry").doesNotExist();
    assert.dom(SEND).isDisabled();
  });

  test("says what an amount looks like without asking the forum", async function (assert) {
    answerQuotesWith(quote());
    await renderForm(ONE);
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
    await renderForm(ONE);
    await fillIn(DESTINATION, "fibt1invoice");
    await fillIn(AMOUNT, BEYOND_NUMBERS);

    assert.deepEqual(asked, [undefined, BEYOND_NUMBERS]);
    assert.dom(line("amount")).hasText(`${BEYOND_NUMBERS} CKB`);
  });

  test("another invoice takes its own amount, but not over one that was entered", async function (assert) {
    answerQuotesWith(quote({ amount: "50" }));
    await renderForm(ONE);
    await fillIn(DESTINATION, "fibt1first");
    answerQuotesWith(quote({ amount: "70" }));
    await fillIn(DESTINATION, "fibt1second");
    assert.dom(AMOUNT).hasValue("70", "that of the second invoice");

    await fillIn(AMOUNT, "71");
    answerQuotesWith(quote({ amount: "80" }));
    await fillIn(DESTINATION, "fibt1third");
    assert.dom(AMOUNT).hasValue("71", "what was entered stays");
  });

  test("an amount that is cleared stays so until one leaves the field", async function (assert) {
    answerQuotesWith(quote({ amount: "50" }));
    await renderForm(ONE);
    await fillIn(DESTINATION, "fibt1invoice");
    await fillIn(AMOUNT, "71");
    await fillIn(AMOUNT, "");

    assert.dom(AMOUNT).isFocused();
    assert.dom(line("amount")).hasText("50 CKB", "that of the invoice counts");
    assert.dom(AMOUNT).hasValue("", "but is not put between what is typed");

    await focus(DESTINATION);
    assert.dom(AMOUNT).hasValue("50", "now it is shown");
  });

  test("only the newest answer is shown while typing", async function (assert) {
    const answers = { fibt1first: deferred(), fibt1second: deferred() };
    const asked = [];
    pretender.post(QUOTE, (request) => {
      const { destination } = parsePostData(request.requestBody);
      asked.push(destination);
      return answers[destination].promise;
    });
    await renderForm(ONE);

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
    await renderForm(TWO);
    await fillIn(DESTINATION, "fibt1invoice");
    await fillIn(ASSET, "RUSD");

    assert.deepEqual(asked, ["CKB", "RUSD"]);
    assert.dom(line("fee")).hasText("0.1 RUSD");
  });

  test("a quote that fails says so and can be asked for again", async function (assert) {
    pretender.post(QUOTE, () =>
      response(429, { error_type: "rate_limit", extras: { wait_seconds: 3 } })
    );
    await renderForm(ONE);
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
    await renderForm(ONE);
    await fillIn(DESTINATION, HOSTILE);

    assert.dom(REASON).includesText(HOSTILE);
    assert.dom(".fiber-link-withdrawal-form img").doesNotExist();
    assert.strictEqual(globalThis.__ran, undefined, "nothing ran");
  });
});
