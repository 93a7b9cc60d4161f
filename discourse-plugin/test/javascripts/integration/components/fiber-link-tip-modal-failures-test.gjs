import { click, fillIn, find, settled, waitFor } from "@ember/test-helpers";
import { module, test } from "qunit";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import { deferred } from "../../helpers/fiber-link-fixtures";
import {
  ALERT,
  AMOUNT,
  button,
  PRIMARY,
  setupTipModal,
  TITLE,
} from "../../helpers/tip-modal";
import { forum, OPTIONS, refused, TIP, unavailable } from "../../helpers/tips";

module(
  "Integration | Component | FiberLinkTipModal failures",
  function (hooks) {
    setupTipModal(hooks);

    test("a retry after the service was down keeps the key", async function (assert) {
      const asked = forum({
        create: (data, times) =>
          times < 3 ? unavailable() : response({ tip: TIP }),
      });
      await this.open();
      await click(PRIMARY);

      assert
        .dom(TITLE)
        .hasText("The tipping service does not answer", "in its own words");
      await click(PRIMARY);
      await click(PRIMARY);

      const keys = asked.created.map(({ idempotency_key }) => idempotency_key);
      assert.strictEqual(new Set(keys).size, 1, "the same key three times");
      assert.dom(TITLE).hasText("Waiting for the payment", "then it is there");
    });

    test("changing the tip after the service was down makes a new key", async function (assert) {
      const asked = forum({ create: unavailable });
      await this.open();
      await click(PRIMARY);

      await click(button("Change the tip"));
      assert.dom(AMOUNT).hasValue("10", "what was entered is still there");
      await fillIn(AMOUNT, "11");
      await click(PRIMARY);

      const [first, second] = asked.created;
      assert.notStrictEqual(
        first.idempotency_key,
        second.idempotency_key,
        "another tip, another key"
      );
    });

    test("a double click sends once", async function (assert) {
      const asked = forum();
      await this.open();

      find(PRIMARY).click();
      find(PRIMARY).click();
      find(".fiber-link-tip-form").requestSubmit();
      await settled();

      assert.strictEqual(asked.created.length, 1, "one request");
    });

    test("a forum that does not answer can be asked again", async function (assert) {
      forum();
      pretender.get("/fiber-link/tips/options.json", unavailable);
      await this.open();
      assert
        .dom(TITLE)
        .hasText("The tipping service does not answer", "says so");

      pretender.get("/fiber-link/tips/options.json", () => response(OPTIONS));
      await click(PRIMARY);

      assert.dom(AMOUNT).exists("then the form is there");
    });

    test("a post that may not be tipped says why", async function (assert) {
      forum();
      pretender.get("/fiber-link/tips/options.json", () =>
        refused("This post cannot be tipped.", { reason: "not_tippable" })
      );
      await this.open();

      assert.dom(".alert-error").hasText("This post cannot be tipped.", "why");
      assert.dom(PRIMARY).hasText("Close", "and there is nothing else to do");
    });

    for (const [what, answer] of [
      ["does not come", unavailable],
      ["is refused", () => refused("Not this post.")],
    ]) {
      test(`an open tip is shown and watched though what may be tipped ${what}`, async function (assert) {
        const asked = forum({ open: TIP });
        pretender.get("/fiber-link/tips/options.json", answer);
        await this.open();
        assert.dom(".fiber-link-tip-invoice").exists("it can be paid");

        asked.tip = { ...TIP, state: "settled" };
        await this.clock.advance(15);
        assert.dom(TITLE).hasText("Thank you, the tip has arrived", "is seen");
      });
    }

    test("an open tip is shown before what may be tipped has come", async function (assert) {
      const options = deferred();
      forum({ open: TIP });
      pretender.get("/fiber-link/tips/options.json", () => options.promise);
      this.open();
      await waitFor(".fiber-link-tip-invoice");
      assert.dom(TITLE).hasText("Waiting for the payment", "at once");

      options.resolve(response({ ...OPTIONS, message_bus_last_id: 7 }));
      await settled();
      assert.deepEqual(
        this.owner
          .lookup("service:message-bus")
          .subscriptions.map(({ lastId }) => lastId),
        [7],
        "and watched from where the forum was asked, once"
      );
    });

    test("an open tip that cannot be changed says why and stays", async function (assert) {
      forum({ open: TIP });
      pretender.get("/fiber-link/tips/options.json", () =>
        refused("Not this post.")
      );
      await this.open();
      await click(button("Change the tip"));

      assert.dom(".alert-error").hasText("Not this post.", "why");
      assert.dom(".fiber-link-tip-invoice").exists("it can still be paid");

      pretender.get("/fiber-link/tips/options.json", () => response(OPTIONS));
      await click(button("Change the tip"));
      assert.dom(AMOUNT).hasValue("10", "then it can");
    });

    for (const assets of [[], {}]) {
      test(`without anything to tip with it says so (${JSON.stringify(assets)})`, async function (assert) {
        forum({ options: { assets, message_bus_last_id: 1 } });
        await this.open();

        assert
          .dom(".alert-error")
          .hasText("There is nothing that can be tipped right now.", "why");
        assert.dom(PRIMARY).hasText("Close", "and there is a way out");
      });
    }

    test("a refusal by the service ends the key", async function (assert) {
      const asked = forum({ create: () => refused("No route to the payee.") });
      await this.open();
      await click(PRIMARY);
      await click(PRIMARY);

      const [first, second] = asked.created;
      assert.dom(ALERT).hasText("No route to the payee.", "says why");
      assert.notStrictEqual(
        first.idempotency_key,
        second.idempotency_key,
        "the next one is another tip"
      );
    });

    test("a key that stands for another tip is replaced at once", async function (assert) {
      const asked = forum({
        create: (data, times) =>
          times === 1
            ? refused("Already sent.", { reason: "idempotency_conflict" })
            : response({ tip: TIP }),
      });
      await this.open();
      await click(PRIMARY);

      const [first, second] = asked.created;
      assert.dom(TITLE).hasText("Waiting for the payment", "nobody notices");
      assert.notStrictEqual(
        first.idempotency_key,
        second.idempotency_key,
        "another key"
      );
      assert.strictEqual(asked.created.length, 2, "once");
    });

    test("a retry that fails as well is announced, and the focus is not lost", async function (assert) {
      forum({
        create: () => {
          // As a browser does when the button that was pressed is disabled.
          document.activeElement.blur();
          return unavailable();
        },
      });
      await this.open();
      await click(PRIMARY);
      const a11y = this.owner.lookup("service:a11y");
      a11y.politeMessage = "";

      await click(PRIMARY);

      assert.true(
        a11y.politeMessage.startsWith("The tipping service does not answer"),
        "it is said again"
      );
      assert.dom(TITLE).isFocused("one goes on from the news");
    });
  }
);
