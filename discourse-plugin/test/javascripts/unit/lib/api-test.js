import { setupTest } from "ember-qunit";
import { module, test } from "qunit";
import Session from "discourse/models/session";
import pretender, {
  resetPretender,
  response,
} from "discourse/tests/helpers/create-pretender";
import {
  createTip,
  findOpenTip,
  findTip,
  request,
} from "discourse/plugins/fiber-link/discourse/lib/fiber-link/api";
import { browserClock } from "discourse/plugins/fiber-link/discourse/lib/fiber-link/clock";

const PATH = "/fiber-link/tips/5.json";

async function failure(answer) {
  pretender.get(PATH, () => answer);
  try {
    await findTip(5);
  } catch (error) {
    return error;
  }
}

// Or undefined, if it never settles.
function inTime(promise) {
  return Promise.race([
    promise,
    new Promise((resolve) => setTimeout(resolve, 500)),
  ]);
}

module("Unit | Lib | fiber-link | api", function (hooks) {
  setupTest(hooks);
  hooks.beforeEach(() => resetPretender());

  for (const [status, errorType, kind] of [
    [400, "invalid_parameters", "refused"],
    [403, "not_logged_in", "not_logged_in"],
    [403, "invalid_access", "forbidden"],
    [404, "not_found", "not_found"],
    [422, "fiber_link_refused", "refused"],
    [429, "rate_limit", "rate_limited"],
    [500, undefined, "unavailable"],
    [502, undefined, "unavailable"],
    [503, "fiber_link_unavailable", "unavailable"],
  ]) {
    test(`${status} ${errorType ?? ""} is ${kind}`, async function (assert) {
      const body = { errors: ["no"], error_type: errorType };

      const error = await failure(response(status, body));

      assert.strictEqual(error.kind, kind, "the kind of error");
      assert.strictEqual(typeof error.words, "string", "with words");
    });
  }

  for (const [what, answer] of [
    ["a page", [200, { "Content-Type": "text/html" }, "<html>oh</html>"]],
    ["cut off", [200, { "Content-Type": "application/json" }, '{"tip": {']],
    ["empty", [204, {}, ""]],
    ["of something else", response({ success: "OK" })],
    ["without a tip", response({ tip: null })],
    ["null", response(200, null)],
  ]) {
    test(`an answer that is ${what} is like no answer`, async function (assert) {
      pretender.post("/fiber-link/tips.json", () => answer);

      for (const error of [
        await failure(answer),
        await createTip({ post_id: 1 }).catch((reason) => reason),
      ]) {
        assert.strictEqual(error?.kind, "unavailable", "nobody knows");
        assert.false(error.words.includes("<"), "and nothing of it is shown");
      }
    });
  }

  test("there may be no open tip", async function (assert) {
    pretender.get("/fiber-link/tips/open.json", () => response({ tip: null }));

    assert.deepEqual(await findOpenTip(1), { tip: null }, "that is an answer");
  });

  test("a network that is gone is like no answer", async function (assert) {
    const original = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function () {
      setTimeout(() => this.onerror());
    };
    try {
      const asking = findTip(5).catch((reason) => reason);

      const error = await inTime(asking);

      assert.strictEqual(error?.kind, "unavailable", "and is told");
    } finally {
      XMLHttpRequest.prototype.send = original;
    }
  });

  test("a token that cannot be had is like no answer", async function (assert) {
    const timers = [];
    const original = browserClock.after;
    browserClock.after = (milliseconds, callback) => {
      timers.push(callback);
      return () => {};
    };
    pretender.get("/session/csrf.json", () => response(503, {}));
    pretender.post("/fiber-link/tips.json", () => assert.step("sent"));
    Session.currentProp("csrfToken", null);
    try {
      const asking = createTip({ post_id: 1 }).catch((reason) => reason);
      timers.forEach((callback) => callback());

      const error = await inTime(asking);

      assert.strictEqual(error?.kind, "unavailable", "after a while");
      assert.verifySteps([], "nothing was sent");
    } finally {
      browserClock.after = original;
      Session.currentProp("csrfToken", "csrf-of-the-test");
    }
  });

  test("a refusal brings its words, reason and fields", async function (assert) {
    const error = await failure(
      response(422, {
        errors: ["Tips are paused."],
        extras: {
          reason: "paused",
          fields: [{ field: "amount", message: "too much" }, { field: "x" }],
        },
      })
    );

    assert.strictEqual(error.words, "Tips are paused.", "the words");
    assert.strictEqual(error.reason, "paused", "the reason");
    assert.strictEqual(error.field("amount"), "too much", "the field");
    assert.strictEqual(error.fields.length, 1, "fields without words are none");
  });

  test("errors of any other form do no harm", async function (assert) {
    const error = await failure(
      response(422, { errors: { a: 1 }, extras: { fields: "all" } })
    );

    assert.strictEqual(error.words, "The request was refused.", "own words");
    assert.deepEqual(error.fields, [], "no fields");
  });

  test("too often says how long to wait", async function (assert) {
    const body = { errors: ["slow"], extras: { wait_seconds: 12 } };

    const error = await failure(response(429, body));

    assert.strictEqual(error.waitSeconds, 12, "in seconds");
    assert.strictEqual(
      error.words,
      "That was too often. Try again in 12 seconds.",
      "and in words"
    );
  });

  test("blank parameters are left out, false is kept", async function (assert) {
    let sent;
    pretender.post("/x.json", ({ requestBody }) => {
      sent = requestBody;
      return response({});
    });

    await request("/x.json", {
      type: "POST",
      data: { a: null, b: "", c: undefined, d: false, e: "1.5" },
    });

    assert.strictEqual(sent, "d=false&e=1.5", "as the server expects");
  });
});
