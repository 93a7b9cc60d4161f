import { click, fillIn, find } from "@ember/test-helpers";
import { module, test } from "qunit";
import { response } from "discourse/tests/helpers/create-pretender";
import {
  AMOUNT,
  MESSAGE,
  PRIMARY,
  setupTipModal,
} from "../../helpers/tip-modal";
import { forum, OPTIONS, refused } from "../../helpers/tips";

const ERROR = ".fiber-link-field__error";
const ASSET = ".fiber-link-tip-form__asset";
const TWO_ASSETS = {
  ...OPTIONS,
  assets: [
    ...OPTIONS.assets,
    { asset: "USDI", decimals: 2, minimum: "0.1", maximum: null },
  ],
};

function quickAmounts() {
  return [
    ...document.querySelectorAll(".fiber-link-tip-form__quick-amount"),
  ].map((one) => one.textContent.trim());
}

module("Integration | Component | FiberLinkTipModal form", function (hooks) {
  setupTipModal(hooks);

  for (const [amount, words] of [
    ["0.5", "“0.5” is below the minimum of 1 CKB."],
    ["100000.1", "“100000.1” is above the maximum of 100000 CKB."],
    ["1.123456789", "“1.123456789” has too many decimals: CKB has at most 8."],
    [
      "ten",
      "“ten” is not an amount. Digits and one decimal point are allowed, as in 12.5.",
    ],
    ["", "Enter an amount."],
  ]) {
    test(`the amount "${amount}" is refused at its field`, async function (assert) {
      const asked = forum();
      await this.open();
      await fillIn(AMOUNT, amount);
      await click(PRIMARY);

      assert.dom(ERROR).hasText(words, "in words");
      assert.dom(AMOUNT).hasAria("invalid", "true", "marked");
      assert.dom(AMOUNT).isFocused("and where one goes on");
      assert.true(
        find(AMOUNT)
          .getAttribute("aria-describedby")
          .split(" ")
          .includes(find(ERROR).id),
        "for everybody"
      );
      assert.deepEqual(asked.created, [], "nothing is sent");

      await fillIn(AMOUNT, "12");
      assert.dom(ERROR).doesNotExist("a change takes the words away");
    });
  }

  test("an amount beyond 2^53 is sent as it was entered", async function (assert) {
    const assets = [{ asset: "CKB", decimals: 8, minimum: "1", maximum: null }];
    const asked = forum({ options: { ...OPTIONS, assets } });
    await this.open();
    await fillIn(AMOUNT, "9007199254740993.00000001");
    await click(PRIMARY);

    assert.strictEqual(
      asked.created[0].amount,
      "9007199254740993.00000001",
      "every digit"
    );
    assert
      .dom(".fiber-link-tip-status__amount")
      .hasText("9007199254740993.00000001 CKB", "and shown so");
  });

  test("the message may have 280 characters, however wide", async function (assert) {
    const asked = forum();
    await this.open();
    await fillIn(MESSAGE, "🙂".repeat(281));
    assert
      .dom(".d-modal__body")
      .includesText("1 character too many: 280 are allowed.", "counts at once");
    await click(PRIMARY);
    assert.deepEqual(asked.created, [], "too long is not sent");

    await fillIn(MESSAGE, "🙂".repeat(280));
    assert.dom(".d-modal__body").includesText("0 characters left.", "just so");
    await click(PRIMARY);

    assert.strictEqual(asked.created.length, 1, "280 are");
  });

  test("what the server says of a field is shown at the field", async function (assert) {
    forum({
      create: () =>
        refused("The amount is too large for now.", {
          reason: "invalid",
          fields: [{ field: "amount", message: "at most 7 CKB today" }],
        }),
    });
    await this.open();
    await click(PRIMARY);

    assert.dom(ERROR).hasText("at most 7 CKB today", "at the amount");
    assert
      .dom(".fiber-link-tip-form__alert")
      .hasText("The amount is too large for now.", "and above the form");
  });

  test("too often says how long to wait", async function (assert) {
    forum({
      create: () =>
        response(429, { errors: ["x"], extras: { wait_seconds: 30 } }),
    });
    await this.open();
    await click(PRIMARY);

    assert
      .dom(".fiber-link-tip-form__alert")
      .hasText("That was too often. Try again in 30 seconds.", "in words");
  });

  test("several assets can be chosen from, each with its limits", async function (assert) {
    const asked = forum({ options: TWO_ASSETS });
    await this.open();
    await fillIn(ASSET, "USDI");
    await fillIn(AMOUNT, "0.55");
    assert.dom(".d-modal__body").includesText("At least 0.1 USDI.", "limits");
    await click(PRIMARY);

    assert.strictEqual(asked.created[0].asset, "USDI", "the chosen one");
    assert.strictEqual(asked.created[0].amount, "0.55", "by its decimals");
  });

  test("quick amounts are those that the limits of the chosen asset allow", async function (assert) {
    this.siteSettings.fiber_link_quick_amounts = "0.1|10|nonsense|999999";
    forum({ options: TWO_ASSETS });
    await this.open();
    assert.deepEqual(quickAmounts(), ["10"], "of the first asset");

    await fillIn(ASSET, "USDI");
    assert.deepEqual(quickAmounts(), ["0.1", "10", "999999"], "of the other");
  });

  test("an amount that a button gave is not taken over to another asset", async function (assert) {
    const asked = forum({ options: TWO_ASSETS });
    await this.open();
    assert.dom(AMOUNT).hasValue("10", "the first quick amount");
    await fillIn(ASSET, "USDI");
    assert.dom(AMOUNT).hasValue("", "it was an amount of CKB");
    assert.dom("[aria-pressed='true']").doesNotExist("none is chosen");

    await click(PRIMARY);
    assert.dom(ERROR).hasText("Enter an amount.", "somebody has to choose");
    await click(".fiber-link-tip-form__quick-amount");
    await fillIn(ASSET, "CKB");
    assert.dom(AMOUNT).hasValue("", "from there as well");

    await fillIn(AMOUNT, "12");
    await fillIn(ASSET, "USDI");
    assert.dom(AMOUNT).hasValue("12", "what was typed stays");
    await click(PRIMARY);
    assert.strictEqual(asked.created[0].asset, "USDI", "and is sent as shown");
  });
});
