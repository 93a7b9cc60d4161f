import { click, find, focus, render, settled } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkTipHistory from "discourse/plugins/fiber-link/discourse/components/fiber-link/tip-history";
import {
  BEYOND_NUMBERS,
  HOSTILE,
  SAM,
  tip,
} from "../../helpers/fiber-link-fixtures";

const TIPS = "/fiber-link/wallet/tips.json";
const GIVEN = "[data-choice='given']";
const RECEIVED = "[data-choice='received']";

function answerWith({ received = [], given = [] }) {
  pretender.get(TIPS, ({ queryParams }) =>
    response({
      tips: queryParams.direction === "given" ? given : received,
      next: null,
    })
  );
}

module("Integration | Component | FiberLinkTipHistory", function (hooks) {
  setupRenderingTest(hooks);

  test("shows who tipped which post how much and in which words", async function (assert) {
    answerWith({
      received: [tip({ amount: BEYOND_NUMBERS, message: "Thank you!" })],
    });
    await render(<template><FiberLinkTipHistory /></template>);

    assert.dom(".fiber-link-person__name").hasText("sam");
    assert
      .dom(".fiber-link-history-tip__amount")
      .hasText(`${BEYOND_NUMBERS} CKB`, "the amount is exact");
    assert
      .dom(".fiber-link-history-tip__post")
      .hasText("A topic")
      .hasAttribute("href", "/t/a-topic/7/2");
    assert.dom(".fiber-link-history-tip__message").hasText("Thank you!");
    assert.dom(".fiber-link-history-tip__time").exists();
    assert
      .dom(".fiber-link-history-tip__state")
      .doesNotExist("what was received is settled");
  });

  test("an anonymous tip comes from somebody", async function (assert) {
    answerWith({ received: [tip({ user: null, anonymous: true })] });
    await render(<template><FiberLinkTipHistory /></template>);
    assert.dom(".fiber-link-person").hasText("Somebody");
    assert.dom(".fiber-link-person a").doesNotExist("there is nobody to visit");
    assert.dom(".fiber-link-history-tip__anonymous").hasText("Anonymous");
  });

  test("a post that is gone is said to be", async function (assert) {
    answerWith({ received: [tip({ post: null })] });
    await render(<template><FiberLinkTipHistory /></template>);
    assert
      .dom(".fiber-link-history-tip__post")
      .hasText("A post that is gone or that you may not see");
    assert.dom(".fiber-link-history-tip a[href*='/t/']").doesNotExist();
  });

  test("given tips say how they stand", async function (assert) {
    answerWith({
      given: ["open", "settled", "expired", "failed", "new"].map((state) =>
        tip({ id: state, direction: "given", state, settled_at: null })
      ),
    });
    await render(<template><FiberLinkTipHistory /></template>);
    await click(GIVEN);
    assert
      .dom(".fiber-link-history-tip.--open .fiber-link-history-tip__state")
      .hasText("Waiting for payment");
    assert
      .dom(".fiber-link-history-tip.--settled .fiber-link-history-tip__state")
      .hasText("Paid");
    assert
      .dom(".fiber-link-history-tip.--expired .fiber-link-history-tip__state")
      .hasText("The invoice expired unpaid");
    assert
      .dom(".fiber-link-history-tip.--failed .fiber-link-history-tip__state")
      .hasText("The payment failed");
    assert
      .dom(".fiber-link-history-tip.--new .fiber-link-history-tip__state")
      .hasText("Not known");
  });

  test("says what to expect when there are none", async function (assert) {
    answerWith({});
    await render(<template><FiberLinkTipHistory /></template>);
    assert
      .dom(".fiber-link-paged-list__empty")
      .includesText("Nobody has tipped you yet.");
    await click(GIVEN);
    assert
      .dom(".fiber-link-paged-list__empty")
      .includesText("You have not tipped anybody yet.");
  });

  test("switches by keyboard and says which list is shown", async function (assert) {
    answerWith({ received: [tip()], given: [] });
    await render(<template><FiberLinkTipHistory /></template>);
    assert.dom(RECEIVED).hasAttribute("aria-pressed", "true");
    assert.dom(GIVEN).hasAttribute("aria-pressed", "false");
    assert.dom("[role='group']").hasAttribute("aria-label");

    await focus(GIVEN);
    assert.dom(GIVEN).isFocused("the switch can be reached");
    find(GIVEN).click();
    await settled();
    assert.dom(GIVEN).hasAttribute("aria-pressed", "true");
    assert.dom(RECEIVED).hasAttribute("aria-pressed", "false");
  });

  test("loads more and keeps both lists", async function (assert) {
    const asked = [];
    pretender.get(TIPS, ({ queryParams: { direction, before } }) => {
      asked.push(`${direction} ${before ?? "first"}`);
      return before
        ? response({ tips: [tip({ id: `${direction}-2` })], next: null })
        : response({ tips: [tip({ id: `${direction}-1` })], next: "cursor" });
    });
    await render(<template><FiberLinkTipHistory /></template>);
    await click(".fiber-link-paged-list__more");
    assert.dom(".fiber-link-history-tip").exists({ count: 2 });

    await click(GIVEN);
    assert.dom(".fiber-link-history-tip").exists({ count: 1 });
    await click(RECEIVED);
    assert.dom(".fiber-link-history-tip").exists({ count: 2 });
    assert.deepEqual(asked, [
      "received first",
      "received cursor",
      "given first",
    ]);
  });

  test("one who is no longer logged in is told so", async function (assert) {
    pretender.get(TIPS, () =>
      response(403, { errors: ["x"], error_type: "not_logged_in" })
    );
    await render(<template><FiberLinkTipHistory /></template>);
    assert.dom(".fiber-link-failure-note").includesText("Log in");
  });

  test("markup in names, titles and messages is text", async function (assert) {
    answerWith({
      received: [
        tip({
          user: { ...SAM, username: HOSTILE, name: HOSTILE },
          post: { id: 1, url: "/t/x/1", topic_title: HOSTILE },
          message: HOSTILE,
        }),
      ],
    });
    await render(<template><FiberLinkTipHistory /></template>);
    assert.dom(".fiber-link-person__name").hasText(HOSTILE);
    assert.dom(".fiber-link-history-tip__post").hasText(HOSTILE);
    assert.dom(".fiber-link-history-tip__message").hasText(HOSTILE);
    assert.dom("img:not(.avatar)").doesNotExist("no picture but the avatar");
    assert.dom(".fiber-link-tip-history script").doesNotExist();
    assert.strictEqual(globalThis.__ran, undefined, "nothing ran");
  });
});
