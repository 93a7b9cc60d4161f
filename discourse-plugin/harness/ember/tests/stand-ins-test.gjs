// What in Discourse a plugin has to reckon with, and the stand-ins therefore do as well.
import { render, triggerKeyEvent } from "@ember/test-helpers";
import { module, test } from "qunit";
import { ajax } from "discourse/lib/ajax";
import Session from "discourse/models/session";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import DButton from "discourse/ui-kit/d-button";
import DModal from "discourse/ui-kit/d-modal";

function soon(promise) {
  return Promise.race([
    promise.then(
      (answer) => ({ answer }),
      (error) => ({ error })
    ),
    new Promise((resolve) => setTimeout(resolve, 100, "nothing yet")),
  ]);
}

module("Stand-ins | ajax", function (hooks) {
  setupRenderingTest(hooks);

  test("without a network it settles only if it is told so", async function (assert) {
    const original = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function () {
      setTimeout(() => this.onerror());
    };
    try {
      assert.strictEqual(await soon(ajax("/x.json")), "nothing yet");
      const { error } = await soon(ajax("/x.json", { ignoreUnsent: false }));
      assert.strictEqual(error.jqXHR.status, 0, "then it rejects");
    } finally {
      XMLHttpRequest.prototype.send = original;
    }
  });

  test("without a token it never settles", async function (assert) {
    pretender.get("/session/csrf.json", () => response(503, {}));
    Session.currentProp("csrfToken", null);
    const asking = ajax("/x.json", { type: "POST", ignoreUnsent: false });

    assert.strictEqual(await soon(asking), "nothing yet");
  });

  test("a 200 that cannot be read is a success", async function (assert) {
    const page = [200, { "Content-Type": "text/html" }, "<html></html>"];
    pretender.get("/x.json", () => page);
    pretender.post("/x.json", () => page);

    const { answer } = await soon(ajax("/x.json"));
    assert.strictEqual(answer.status, 200, "with the request");
    assert.deepEqual(
      await soon(ajax("/x.json", { type: "POST" })),
      { answer: "<html></html>" },
      "or with the text, where no JSON was asked for"
    );
  });
});

module("Stand-ins | DModal", function (hooks) {
  setupRenderingTest(hooks);

  test("Enter presses the primary button from wherever it comes", async function (assert) {
    const send = () => assert.step("sent");
    const cancel = () => assert.step("cancelled");
    await render(
      <template>
        <DModal @title="A modal">
          <:body><form><input class="in-form" /></form></:body>
          <:footer>
            <DButton class="btn-primary" @action={{send}} />
            <DButton class="cancel" @action={{cancel}} />
          </:footer>
        </DModal>
      </template>
    );

    await triggerKeyEvent(".in-form", "keydown", "Enter");
    assert.verifySteps([], "a form keeps the key");
    await triggerKeyEvent(".cancel", "keydown", "Enter");
    assert.verifySteps(["sent", "cancelled"], "both happen");
  });
});
