import { click, fillIn, find, render } from "@ember/test-helpers";
import { module, test } from "qunit";
import { publishToMessageBus } from "discourse/tests/helpers/qunit-helpers";
import {
  AMOUNT,
  MESSAGE,
  PRIMARY,
  setupTipModal,
  TEXT,
  TITLE,
} from "../../helpers/tip-modal";
import { forum, TIP } from "../../helpers/tips";

module("Integration | Component | FiberLinkTipModal", function (hooks) {
  setupTipModal(hooks);

  test("a tip goes from the form to its payment", async function (assert) {
    const asked = forum();
    await this.open();

    assert.dom(".d-modal__title-text").hasText("Tip @sam", "says to whom");
    assert.dom(AMOUNT).hasValue("10", "begins with the first quick amount");

    await click(".fiber-link-tip-form__quick-amount:nth-child(2)");
    await fillIn(MESSAGE, "  well said ");
    await click(".fiber-link-tip-form__anonymous input");
    await click(PRIMARY);

    const [{ idempotency_key, ...sent }] = asked.created;
    assert.deepEqual(
      sent,
      {
        post_id: "42",
        asset: "CKB",
        amount: "50",
        message: "well said",
        anonymous: "true",
      },
      "what was entered is asked for"
    );
    assert.true(idempotency_key.length >= 32, "with a key");
    assert.dom(TITLE).hasText("Waiting for the payment", "then it waits");
    assert
      .dom(".fiber-link-tip-status__amount")
      .hasText("50 CKB", "says for how much");
    assert
      .dom(".fiber-link-tip-invoice__input")
      .hasValue(TIP.invoice, "shows the invoice");
    assert
      .dom(".fiber-link-qr-code path")
      .hasAttribute("d", TIP.qr.path, "and its QR code");
    assert
      .dom(".fiber-link-tip-modal__wallet")
      .hasAttribute("href", `fiber:${TIP.invoice}`, "and a link for wallets");
    assert.dom(".fiber-link-countdown").hasText("10:00 left", "and the time");

    await publishToMessageBus("/fiber-link/tips", {
      id: TIP.id,
      state: "settled",
      settled_at: "2026-10-01T12:01:00Z",
    });

    assert.dom(TITLE).hasText("Thank you, the tip has arrived", "it arrived");
    assert.dom(".fiber-link-tip-invoice").doesNotExist("nothing left to pay");
    assert.true(
      this.owner
        .lookup("service:a11y")
        .politeMessage.startsWith("Thank you, the tip has arrived"),
      "and is announced"
    );
    await click(PRIMARY);
    assert.strictEqual(this.closed, 1, "what is left is to close");
  });

  test("reopening finds the tip that is still open", async function (assert) {
    const asked = forum({ open: { ...TIP, amount: "25" } });
    await this.open();

    assert.dom(TITLE).hasText("Waiting for the payment", "without a form");
    assert.dom(".fiber-link-tip-status__amount").hasText("25 CKB", "the same");
    assert.deepEqual(asked.created, [], "nothing new is made");
  });

  test("a payment is noticed by asking when no push comes", async function (assert) {
    const asked = forum({ open: TIP });
    await this.open();
    asked.tip = { ...TIP, state: "settled" };

    await this.clock.advance(15);

    assert.deepEqual(asked.read, ["5.json"], "the tip is asked for once");
    assert.dom(TITLE).hasText("Thank you, the tip has arrived", "and shown");
  });

  test("an expired countdown does not say that the payment failed", async function (assert) {
    forum({ open: { ...TIP, expires_at: this.clock.inSeconds(65) } });
    await this.open();
    assert.dom(".fiber-link-countdown").hasText("1:05 left", "time is left");

    await this.clock.advance(66);

    assert.dom(TITLE).hasText("The time to pay is up", "only the time is up");
    assert
      .dom(TEXT)
      .hasText(
        "If you have paid already, it will be credited, and you see it here.",
        "a payment still counts"
      );
    assert.dom(PRIMARY).hasText("New invoice", "or one begins anew");
    assert
      .dom("details .fiber-link-tip-invoice__input")
      .hasValue(TIP.invoice, "a wrong clock does not take the invoice away");

    await publishToMessageBus("/fiber-link/tips", {
      id: TIP.id,
      state: "settled",
    });
    assert.dom(TITLE).hasText("Thank you, the tip has arrived", "it did count");
  });

  test("an expired tip offers a new invoice, with a new key", async function (assert) {
    const asked = forum({ open: { ...TIP, amount: "25", message: "hi" } });
    await this.open();
    await publishToMessageBus("/fiber-link/tips", {
      id: TIP.id,
      state: "expired",
    });
    assert.dom(TITLE).hasText("The invoice has expired", "says so");
    assert
      .dom(TEXT)
      .includesText(
        "If you have paid already, it will be credited",
        "no panic"
      );

    await click(PRIMARY);
    await publishToMessageBus("/fiber-link/tips", {
      id: TIP.id,
      state: "failed",
    });
    await click(PRIMARY);

    assert.strictEqual(asked.created.length, 2, "one invoice each time");
    assert.strictEqual(asked.created[0].amount, "25", "for the same amount");
    assert.strictEqual(asked.created[0].message, "hi", "and message");
    assert.notStrictEqual(
      asked.created[0].idempotency_key,
      asked.created[1].idempotency_key,
      "each is another tip"
    );
  });

  test("a late payment of an expired tip still arrives", async function (assert) {
    forum({ open: { ...TIP, state: "open" } });
    await this.open();
    for (const state of ["expired", "settled"]) {
      await publishToMessageBus("/fiber-link/tips", { id: TIP.id, state });
    }

    assert.dom(TITLE).hasText("Thank you, the tip has arrived", "it counts");
  });

  test("a failed tip says so and offers a new invoice", async function (assert) {
    forum({ open: TIP });
    await this.open();
    await publishToMessageBus("/fiber-link/tips", {
      id: TIP.id,
      state: "failed",
    });

    assert.dom(TITLE).hasText("The tip did not go through", "in its own words");
    assert.dom(PRIMARY).hasText("New invoice", "with the next step");
  });

  test("the invoice can be copied", async function (assert) {
    const copied = [];
    const clipboard = { writeText: async (text) => copied.push(text) };
    Object.defineProperty(navigator, "clipboard", {
      value: clipboard,
      configurable: true,
    });
    forum({ open: TIP });
    await this.open();
    await click(".fiber-link-copy-button");

    assert.deepEqual(copied, [TIP.invoice], "as it is");
    assert.dom(".fiber-link-copy-button").hasText("Copied", "says so");

    clipboard.writeText = async () => {
      throw new Error("not allowed");
    };
    await click(".fiber-link-copy-button");
    delete navigator.clipboard;

    assert
      .dom(".fiber-link-copy-button")
      .hasText("Copy the marked text yourself", "or what to do instead");
    const input = find(".fiber-link-tip-invoice__input");
    assert.strictEqual(
      input.value.slice(input.selectionStart, input.selectionEnd),
      TIP.invoice,
      "with the text marked"
    );
  });

  test("closing ends the watching", async function (assert) {
    const asked = forum({ open: TIP });
    await this.open();
    await render(<template></template>);

    await this.clock.advance(120);

    assert.deepEqual(asked.read, [], "nothing is asked");
    assert.strictEqual(this.clock.timers.size, 0, "and no timer is left");
    assert.deepEqual(
      this.owner.lookup("service:message-bus").subscriptions,
      [],
      "nor a subscription"
    );
  });
});
