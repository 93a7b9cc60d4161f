import { click } from "@ember/test-helpers";
import { module, test } from "qunit";
import { button, PRIMARY, setupTipModal, TITLE } from "../../helpers/tip-modal";
import { forum, POST, refused, TIP } from "../../helpers/tips";

module(
  "Integration | Component | FiberLinkTipModal against hostile answers",
  function (hooks) {
    setupTipModal(hooks);

    test("markup in names and answers stays text", async function (assert) {
      const markup = `<img src=x onerror="globalThis.__executed = true">`;
      forum({ create: () => refused(markup) });
      await this.open({ ...POST, username: markup });
      await click(PRIMARY);

      assert.dom(".d-modal__title-text").hasText(`Tip @${markup}`, "a name");
      assert.dom(".fiber-link-tip-form__alert").hasText(markup, "a refusal");
      assert.dom(".d-modal img").doesNotExist("nothing becomes an element");
      assert.strictEqual(globalThis.__executed, undefined, "nothing runs");
    });

    test("a broken invoice is not offered for payment", async function (assert) {
      // eslint-disable-next-line no-script-url
      const invoice = `javascript:alert(1)//"><script>x</script>`;
      const qr = { modules: 21, path: `M0 0"/><script>x</script>` };
      forum({ open: { ...TIP, invoice, qr } });
      await this.open();

      assert.dom(TITLE).hasText("The invoice cannot be paid", "says so");
      assert.dom(".fiber-link-tip-invoice").doesNotExist("shows nothing of it");
      assert.dom(".d-modal a").doesNotExist("no link");
      assert.dom(".d-modal script").doesNotExist("no script");
      assert.dom(".fiber-link-qr-code").doesNotExist("no QR code");
      assert.false(
        button("New invoice").disabled,
        "but a new one can be asked for"
      );
    });

    for (const expires_at of [null, "soon", {}]) {
      test(`a time that cannot be read (${JSON.stringify(expires_at)}) is not said to be over`, async function (assert) {
        forum({ open: { ...TIP, expires_at } });
        await this.open();

        assert.dom(TITLE).hasText("Waiting for the payment", "it may be paid");
        assert.dom(".fiber-link-countdown").doesNotExist("nobody can say");
      });
    }

    test("a QR code that cannot be drawn leaves the rest", async function (assert) {
      forum({ open: { ...TIP, qr: null } });
      await this.open();

      assert.dom(".fiber-link-qr-code").doesNotExist("no code");
      assert
        .dom(".fiber-link-tip-invoice__input")
        .hasValue(TIP.invoice, "but the text");
    });
  }
);
