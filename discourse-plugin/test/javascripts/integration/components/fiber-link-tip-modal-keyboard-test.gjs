import { find, settled, triggerKeyEvent } from "@ember/test-helpers";
import { module, test } from "qunit";
import { publishToMessageBus } from "discourse/tests/helpers/qunit-helpers";
import { button, PRIMARY, setupTipModal } from "../../helpers/tip-modal";
import { forum, TIP } from "../../helpers/tips";

const TABBABLE =
  "a[href], button:not([disabled]), input:not([disabled]), select, textarea";

// What Tab goes through, in its order: nothing has a tabindex of its own.
function tabOrder() {
  const elements = [...document.querySelectorAll(".d-modal *")].filter((one) =>
    one.matches(TABBABLE)
  );
  return elements.map(
    (one) =>
      one.labels?.[0]?.textContent.trim() ||
      one.getAttribute("aria-label") ||
      one.textContent.trim()
  );
}

module(
  "Integration | Component | FiberLinkTipModal keyboard",
  function (hooks) {
    setupTipModal(hooks);

    hooks.beforeEach(function () {
      this.siteSettings.fiber_link_quick_amounts = "10|50";
    });

    test("Tab goes through the form from top to bottom", async function (assert) {
      forum();
      await this.open();

      assert.deepEqual(
        tabOrder(),
        [
          "close",
          "10",
          "50",
          "Amount in CKB",
          "Message (optional)",
          "Tip anonymously",
          "Create invoice",
          "Cancel",
        ],
        "every control has a name and a place"
      );
      assert
        .dom("[tabindex]:not([tabindex='-1'])")
        .doesNotExist("as it is read");
      assert.dom(document.activeElement).hasText("10", "it begins in the form");
    });

    test("Tab goes through the invoice from top to bottom", async function (assert) {
      forum({ open: TIP });
      await this.open();

      assert.deepEqual(
        tabOrder(),
        [
          "close",
          "Invoice",
          "Copy",
          "Open in wallet",
          "Change the tip",
          "Close",
        ],
        "every control has a name and a place"
      );
      assert
        .dom(".fiber-link-tip-status__title")
        .isFocused("it begins with what is waited for");
    });

    test("the button in the footer belongs to the form, which the browser submits by Enter", async function (assert) {
      const asked = forum();
      await this.open();

      const { form } = find(".fiber-link-tip-form__amount");
      assert.strictEqual(find(PRIMARY).form, form, "they are one");
      form.requestSubmit();
      await settled();

      assert.strictEqual(asked.created.length, 1, "it asks for the invoice");
    });

    test("Enter on a button does what it says and nothing else", async function (assert) {
      const asked = forum();
      await this.open();
      await triggerKeyEvent(button("Cancel"), "keydown", "Enter");

      assert.strictEqual(this.closed, 1, "it closes");
      assert.deepEqual(asked.created, [], "no invoice was asked for");
    });

    test("Enter on the close button of an expired tip makes no new one", async function (assert) {
      const asked = forum({ open: { ...TIP, state: "expired" } });
      await this.open();
      await triggerKeyEvent(button("Close"), "keydown", "Enter");

      assert.strictEqual(this.closed, 1, "it closes");
      assert.deepEqual(asked.created, [], "no invoice was asked for");
    });

    test("Enter beside the primary button does not press it", async function (assert) {
      const asked = forum({
        open: { ...TIP, expires_at: "2026-10-01T11:00:00Z" },
      });
      await this.open();
      await triggerKeyEvent("summary", "keydown", "Enter");
      assert.deepEqual(asked.created, [], "not from the old invoice");
    });

    test("the focus is never lost when the state changes", async function (assert) {
      forum({ open: TIP });
      await this.open();
      find(".fiber-link-copy-button").focus();

      await publishToMessageBus("/fiber-link/tips", {
        id: TIP.id,
        state: "settled",
      });

      assert
        .dom(".fiber-link-tip-status__title")
        .isFocused("it goes on with the news");
    });

    test("Escape closes", async function (assert) {
      forum();
      await this.open();
      await triggerKeyEvent(".d-modal", "keydown", "Escape");

      assert.strictEqual(this.closed, 1, "the modal");
    });
  }
);
