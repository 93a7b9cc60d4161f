import { setupTest } from "ember-qunit";
import { module, test } from "qunit";
import pretender, {
  parsePostData,
  resetPretender,
  response,
} from "discourse/tests/helpers/create-pretender";
import WithdrawalDraft from "discourse/plugins/fiber-link/discourse/lib/fiber-link/withdrawal-draft";
import {
  BEYOND_NUMBERS,
  deferred,
  quote,
  withdrawal,
} from "../../helpers/fiber-link-fixtures";
import {
  QUOTE,
  quotedDraft,
  refusal,
  WITHDRAWALS,
} from "../../helpers/withdrawal-draft";

module("Unit | Lib | fiber-link withdrawal draft", function (hooks) {
  setupTest(hooks);
  hooks.beforeEach(() => resetPretender());

  test("asks for a quote without an amount and takes that of the invoice", async function (assert) {
    let asked;
    pretender.post(QUOTE, (request) => {
      asked = parsePostData(request.requestBody);
      return response({ quote: quote({ amount: BEYOND_NUMBERS }) });
    });
    const draft = new WithdrawalDraft("CKB");

    draft.changeDestination(" fibt1\ninvoice ");
    await draft.askForQuote();

    assert.deepEqual(
      asked,
      { asset: "CKB", destination: "fibt1invoice" },
      "the blanks of a copied invoice are left out"
    );
    assert.strictEqual(draft.amount, BEYOND_NUMBERS, "the amount is exact");
    assert.true(draft.canBeSent, "it can be sent");
  });

  test("an older answer never replaces a newer one", async function (assert) {
    const first = deferred();
    const second = deferred();
    const answers = [first.promise, second.promise];
    pretender.post(QUOTE, () => answers.shift());
    const draft = new WithdrawalDraft("CKB");

    draft.changeDestination("fibt1first");
    const asking = draft.askForQuote();
    draft.changeDestination("fibt1second");
    const askingAgain = draft.askForQuote();
    second.resolve(response({ quote: quote({ amount: "2" }) }));
    await askingAgain;
    first.resolve(response({ quote: quote({ amount: "1" }) }));
    await asking;

    assert.strictEqual(draft.quote.amount, "2", "the newer answer stays");
    assert.strictEqual(draft.amount, "2", "and so does its amount");
    assert.true(draft.canBeSent, "the newer quote can be sent");
  });

  test("a quote that was overtaken by a change cannot be sent", async function (assert) {
    const answer = deferred();
    pretender.post(QUOTE, () => answer.promise);
    const draft = new WithdrawalDraft("CKB");

    draft.changeDestination("fibt1first");
    const asking = draft.askForQuote();
    draft.changeDestination("fibt1second");
    answer.resolve(response({ quote: quote() }));
    await asking;

    assert.false(draft.isQuoteCurrent, "the answer is to another question");
    assert.false(draft.canBeSent, "nothing can be sent for it");
  });

  test("any change takes the quote's word back", async function (assert) {
    const draft = await quotedDraft();
    draft.changeAmount("51");
    assert.false(draft.canBeSent, "after another amount");

    await draft.askForQuote();
    draft.changeAsset("RUSD");
    assert.false(draft.canBeSent, "after another asset");

    await draft.askForQuote();
    draft.changeDestination("fibt1other");
    assert.false(draft.canBeSent, "after another destination");
  });

  test("a quote that is not valid cannot be sent", async function (assert) {
    const draft = await quotedDraft(
      quote({ valid: false, message: "Too little" })
    );
    assert.false(draft.canBeSent, "the forum said no");
    assert.strictEqual(await draft.send(), null, "and nothing is asked for");
  });

  test("an amount that is no decimal number is not asked about", async function (assert) {
    const draft = await quotedDraft();
    pretender.post(QUOTE, () => assert.step("asked"));

    for (const amount of ["1e5", "-1", "1,5", "0x10", "1.", ".5", "NaN"]) {
      draft.changeAmount(amount);
      await draft.askForQuote();
      assert.false(draft.isAmountWellFormed, `${amount} is no amount`);
    }
    assert.verifySteps([], "nobody was asked");
  });

  test("sends what was quoted, under one key", async function (assert) {
    let sent;
    pretender.post(WITHDRAWALS, (request) => {
      sent = parsePostData(request.requestBody);
      return response({ withdrawal: withdrawal() });
    });
    const draft = await quotedDraft();

    const made = await draft.send();

    assert.strictEqual(made.id, "w1", "the withdrawal came back");
    const { idempotency_key, ...values } = sent;
    assert.deepEqual(
      values,
      { asset: "CKB", amount: "50", fee: "0.1", destination: "fibt1invoice" },
      "the values of the quote"
    );
    assert.true(idempotency_key.length >= 32, "a random key");
  });

  test("a second send while the first is on its way does nothing", async function (assert) {
    const answer = deferred();
    pretender.post(WITHDRAWALS, () => {
      assert.step("sent");
      return answer.promise;
    });
    const draft = await quotedDraft();

    const sending = draft.send();
    const again = draft.send();
    answer.resolve(response({ withdrawal: withdrawal() }));

    assert.strictEqual((await sending).id, "w1", "the first one counts");
    assert.strictEqual(await again, null, "the second one does not");
    assert.verifySteps(["sent"], "one request");
  });

  test("gets a fresh quote and asks again when the fee has changed", async function (assert) {
    const sent = [];
    pretender.post(WITHDRAWALS, (request) => {
      sent.push(parsePostData(request.requestBody));
      return sent.length === 1
        ? refusal("The fee has changed.")
        : response({ withdrawal: withdrawal() });
    });
    const draft = await quotedDraft();
    pretender.post(QUOTE, () =>
      response({ quote: quote({ fee: "0.3", total: "50.3" }) })
    );

    assert.strictEqual(await draft.send(), null, "nothing happened");
    assert.strictEqual(draft.earlierFee, "0.1", "the fee that was shown");
    assert.strictEqual(draft.quote.fee, "0.3", "the fee of now");
    assert.strictEqual(draft.failure, null, "that is no failure");

    await draft.send();
    assert.deepEqual(
      sent.map(({ fee }) => fee),
      ["0.1", "0.3"],
      "the second time with the new fee"
    );
    assert.notStrictEqual(
      sent[0].idempotency_key,
      sent[1].idempotency_key,
      "as another request"
    );
  });

  test("a refusal under the same fee keeps its words", async function (assert) {
    pretender.post(WITHDRAWALS, () => refusal("Withdrawals are paused."));
    const draft = await quotedDraft(quote({ fee: "0.1" }));
    pretender.post(QUOTE, () => response({ quote: quote({ fee: "0.10" }) }));

    await draft.send();

    assert.strictEqual(draft.earlierFee, null, "0.1 and 0.10 are the same fee");
    assert.strictEqual(draft.failure.words, "Withdrawals are paused.");
  });

  test("too many questions are said in words", async function (assert) {
    pretender.post(QUOTE, () =>
      response(429, {
        errors: ["slow down"],
        error_type: "rate_limit",
        extras: { wait_seconds: 7 },
      })
    );
    const draft = new WithdrawalDraft("CKB");
    draft.changeDestination("fibt1invoice");
    await draft.askForQuote();

    assert.strictEqual(draft.failure.kind, "rate_limited");
    assert.true(draft.failure.words.includes("7 seconds"), "how long to wait");
    assert.false(draft.canBeSent, "nothing can be sent");
  });
});
