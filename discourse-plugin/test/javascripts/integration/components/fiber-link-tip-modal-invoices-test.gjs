import { click, fillIn, find, settled, waitUntil } from "@ember/test-helpers";
import { module, test } from "qunit";
import { response } from "discourse/tests/helpers/create-pretender";
import { publishToMessageBus } from "discourse/tests/helpers/qunit-helpers";
import { deferred } from "../../helpers/fiber-link-fixtures";
import {
  ALERT,
  AMOUNT,
  button,
  MESSAGE,
  PRIMARY,
  setupTipModal,
  TEXT,
  TITLE,
} from "../../helpers/tip-modal";
import { forum, refused, TIP, unavailable } from "../../helpers/tips";

const INVOICE = ".fiber-link-tip-invoice__input";
const SECOND = { ...TIP, id: 6, invoice: "fibt10000000002psecond" };

module(
  "Integration | Component | FiberLinkTipModal with more than one invoice",
  function (hooks) {
    setupTipModal(hooks);

    const paid = (id) =>
      publishToMessageBus("/fiber-link/tips", { id, state: "settled" });

    test("an open tip can be changed, with a warning of its invoice", async function (assert) {
      const asked = forum({
        open: { ...TIP, amount: "25", message: "hi", anonymous: true },
        create: (data) => response({ tip: { ...TIP, ...SECOND, ...data } }),
      });
      await this.open();
      assert.strictEqual(button("New invoice"), undefined, "one is enough");
      await click(button("Change the tip"));

      assert.dom(AMOUNT).hasValue("25", "what it says is there");
      assert.dom(MESSAGE).hasValue("hi", "all of it");
      assert
        .dom(".fiber-link-tip-form__warning")
        .hasText(
          "The earlier invoice can still be paid. Do not pay it as well: that would be a second tip.",
          "and what not to do"
        );
      await fillIn(AMOUNT, "26");
      await click(PRIMARY);

      assert.strictEqual(asked.created[0].amount, "26", "another tip");
      assert.dom(INVOICE).hasValue(SECOND.invoice, "with its own invoice");
      await click(button("Change the tip"));
      assert.dom(".fiber-link-tip-form__warning").exists("again");
    });

    test("an earlier invoice that is paid nevertheless is noticed", async function (assert) {
      forum({ open: TIP, create: () => response({ tip: SECOND }) });
      await this.open();
      await click(button("Change the tip"));
      await click(PRIMARY);
      assert.dom(INVOICE).hasValue(SECOND.invoice, "the newer one is shown");

      await paid(TIP.id);

      assert.dom(TITLE).hasText("Thank you, the tip has arrived", "it counts");
      assert
        .dom(TEXT)
        .hasText(
          "It was an earlier invoice that was paid. Do not pay a newer one as well.",
          "and which one"
        );
      assert.dom(INVOICE).doesNotExist("nothing is left to pay");
      assert.strictEqual(this.clock.timers.size, 0, "or to wait for");
    });

    test("a payment while the form is open again ends the form", async function (assert) {
      forum({ open: TIP });
      await this.open();
      await click(button("Change the tip"));

      await paid(TIP.id);

      assert.dom(TITLE).hasText("Thank you, the tip has arrived", "it counts");
      assert.dom(TEXT).hasText("It is added to the post.", "there is no other");
    });

    for (const [what, answer] of [
      ["comes", () => response({ tip: SECOND })],
      ["does not come", unavailable],
      ["is refused", () => refused("No.")],
    ]) {
      test(`a payment while a new invoice is asked for stays, when that ${what}`, async function (assert) {
        const late = deferred();
        forum({ open: TIP, create: () => late.promise });
        await this.open();
        await publishToMessageBus("/fiber-link/tips", {
          id: TIP.id,
          state: "expired",
        });
        button("New invoice").click();
        await waitUntil(() => button("New invoice").disabled);
        paid(TIP.id);
        await waitUntil(() => find(TITLE).textContent.includes("Thank you"));

        late.resolve(answer());
        await settled();

        assert.dom(TITLE).hasText("Thank you, the tip has arrived", "still");
        assert.dom(INVOICE).doesNotExist("nobody is asked to pay twice");
      });
    }

    test("an expired earlier invoice does not replace a newer one", async function (assert) {
      forum({ open: TIP, create: () => response({ tip: SECOND }) });
      await this.open();
      await click(button("Change the tip"));
      await click(PRIMARY);

      await publishToMessageBus("/fiber-link/tips", {
        id: TIP.id,
        state: "expired",
      });

      assert.dom(INVOICE).hasValue(SECOND.invoice, "the newer one stays");
    });

    test("a new invoice in an asset that is no longer offered leads to the form", async function (assert) {
      const asked = forum({ open: { ...TIP, asset: "OLD", state: "expired" } });
      await this.open();
      await click(button("New invoice"));

      assert
        .dom(ALERT)
        .hasText("OLD can no longer be tipped. Choose an amount again.", "why");
      assert.dom(AMOUNT).hasValue("", "it was an amount of the other asset");
      assert.deepEqual(asked.created, [], "nothing is asked for");
    });

    test("a state that a newer server knows is no state here", async function (assert) {
      forum({ open: { ...TIP, state: "refunded" } });
      await this.open();

      assert.dom(TITLE).hasText("Not known here", "says so");
      assert.dom(PRIMARY).hasText("Close", "and what is left");

      await paid(TIP.id);
      assert.dom(TITLE).hasText("Thank you, the tip has arrived", "it counts");
    });
  }
);
