import { setupTest } from "ember-qunit";
import { module, test } from "qunit";
import pretender, {
  parsePostData,
  resetPretender,
  response,
} from "discourse/tests/helpers/create-pretender";
import { quote, withdrawal } from "../../helpers/fiber-link-fixtures";
import {
  keysOf,
  QUOTE,
  quotedDraft,
  refusal,
  sends,
  unavailable,
  WITHDRAWALS,
} from "../../helpers/withdrawal-draft";

module("Unit | Lib | fiber-link withdrawal key", function (hooks) {
  setupTest(hooks);
  hooks.beforeEach(() => resetPretender());

  test("keeps the key after no answer and uses it for the same values", async function (assert) {
    const keys = [];
    const answers = [
      unavailable(),
      response(502, {}),
      response({ withdrawal: withdrawal() }),
    ];
    pretender.post(WITHDRAWALS, (request) => {
      keys.push(parsePostData(request.requestBody).idempotency_key);
      return answers.shift();
    });
    const draft = await quotedDraft();

    assert.strictEqual(await draft.send(), null, "no answer");
    assert.strictEqual(draft.failure.kind, "unavailable", "and it says so");
    assert.true(draft.canBeSent, "it can be sent again as it is");
    await draft.send();
    const made = await draft.send();

    assert.strictEqual(made.id, "w1", "the third time it is accepted");
    assert.strictEqual(keys.length, 3, "three requests");
    assert.strictEqual(new Set(keys).size, 1, "under the same key");
  });

  for (const [name, answer] of [
    [
      "who asks too often",
      () =>
        response(429, {
          errors: ["slow down"],
          error_type: "rate_limit",
          extras: { wait_seconds: 5 },
        }),
    ],
    ["a pause", () => refusal("Paused.", { reason: "paused" })],
    [
      "who is logged out",
      () => response(403, { errors: ["x"], error_type: "not_logged_in" }),
    ],
    [
      "who may not do it",
      () => response(403, { errors: ["x"], error_type: "invalid_access" }),
    ],
    ["a plugin that is off", () => response(404, { errors: ["x"] })],
  ]) {
    test(`keeps the key after no answer also through the refusal of ${name}`, async function (assert) {
      const sent = sends(
        unavailable(),
        answer(),
        response({ withdrawal: withdrawal() })
      );
      const draft = await quotedDraft();

      await draft.send();
      assert.true(draft.isUnclear, "nobody knows whether it was made");
      await draft.send();
      assert.true(draft.isUnclear, "and that has not changed");
      await draft.send();

      assert.strictEqual(keysOf(sent).length, 3, "three requests");
      assert.strictEqual(new Set(keysOf(sent)).size, 1, "under one key");
      assert.false(draft.isUnclear, "now it is known");
    });
  }

  test("keeps the key when somebody else than the forum answers", async function (assert) {
    const page = [200, { "Content-Type": "text/html" }, "<h1>Log in</h1>"];
    const sent = sends(page, response({ withdrawal: withdrawal() }));
    const draft = await quotedDraft();

    assert.strictEqual(await draft.send(), null, "no withdrawal");
    assert.strictEqual(draft.failure.kind, "unavailable", "and it says so");
    await draft.send();
    assert.strictEqual(new Set(keysOf(sent)).size, 1, "the same one again");
  });

  for (const reason of ["refused", "invalid", "idempotency_conflict"]) {
    test(`takes a new key after no answer and then a refusal (${reason})`, async function (assert) {
      const sent = sends(
        unavailable(),
        refusal("No.", { reason }),
        response({ withdrawal: withdrawal() })
      );
      const draft = await quotedDraft();
      await draft.send();
      await draft.send();
      assert.false(draft.isUnclear, "it was not made");
      await draft.send();

      const keys = keysOf(sent);
      assert.strictEqual(keys[1], keys[0], "the same one was asked for");
      assert.notStrictEqual(keys[2], keys[0], "then it is another one");
    });
  }

  test("another destination or amount is another withdrawal, and going back is the first one", async function (assert) {
    const sent = sends(unavailable(), unavailable(), unavailable());
    const draft = await quotedDraft();
    await draft.send();
    draft.changeDestination("fibt1other");
    await draft.askForQuote();
    assert.false(draft.isUnclear, "this one was not sent yet");
    await draft.send();
    draft.changeDestination("fibt1invoice");
    await draft.askForQuote();
    assert.true(draft.isUnclear, "this one was");
    await draft.send();

    const keys = keysOf(sent);
    assert.notStrictEqual(keys[1], keys[0], "the other one has its own key");
    assert.strictEqual(keys[2], keys[0], "the first one keeps its key");
  });

  test("after no answer another fee does not make it another withdrawal", async function (assert) {
    const sent = sends(unavailable(), response({ withdrawal: withdrawal() }));
    const draft = await quotedDraft();
    await draft.send();
    pretender.post(QUOTE, () => response({ quote: quote({ fee: "0.2" }) }));
    await draft.askForQuote();
    await draft.send();

    assert.deepEqual(sent[1], sent[0], "the very same request");
  });

  test("a new withdrawal of the same values after one that was accepted has a new key", async function (assert) {
    const keys = [];
    pretender.post(WITHDRAWALS, (request) => {
      keys.push(parsePostData(request.requestBody).idempotency_key);
      return response({ withdrawal: withdrawal() });
    });
    const draft = await quotedDraft();
    await draft.send();
    await draft.send();
    assert.notStrictEqual(keys[0], keys[1], "it is a second withdrawal");
  });
});
