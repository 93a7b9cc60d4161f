// The plugin on the harness's own topic page: what the initializer registers, in one.
import { click, visit } from "@ember/test-helpers";
import { test } from "qunit";
import {
  acceptance,
  publishToMessageBus,
} from "discourse/tests/helpers/qunit-helpers";

const BUTTON = ".post-action-menu__fiber-link-tip";

function topic(server, { response }) {
  const post = { topic_id: 1, username: "sam", cooked: "<p>Words</p>" };
  server.get("/t/1.json", () =>
    response({
      id: 1,
      title: "A topic",
      message_bus_last_id: 3,
      post_stream: {
        posts: [
          { ...post, id: 11, post_number: 1, fiber_link_can_tip: true },
          { ...post, id: 12, post_number: 2, fiber_link_can_tip: false },
        ],
      },
    })
  );
}

acceptance("Fiber Link | Topic", function (needs) {
  needs.user();
  needs.settings({ fiber_link_quick_amounts: "10" });
  needs.pretender(topic);
  needs.pretender((server, { response }) => {
    server.get("/fiber-link/tips/open.json", () => response({ tip: null }));
    server.get("/fiber-link/tips/options.json", () =>
      response({ assets: [{ asset: "CKB", decimals: 8 }] })
    );
  });

  test("posts that may be tipped have one button, before the others are hidden", async function (assert) {
    await visit("/t/a-topic/1");

    assert.dom(`#post_1 ${BUTTON}`).exists({ count: 1 }, "one");
    assert.dom(`#post_2 ${BUTTON}`).doesNotExist("none");
    assert
      .dom(`#post_1 ${BUTTON} + .post-action-menu__showMore`)
      .exists("in its place");
  });

  test("the button opens the modal and closing leads back to it", async function (assert) {
    await visit("/t/a-topic/1");
    document.querySelector(`#post_1 ${BUTTON}`).focus();
    await click(`#post_1 ${BUTTON}`);

    assert.dom(".d-modal .fiber-link-tip-form").exists("the form");
    await click(".modal-close");

    assert.dom(".d-modal").doesNotExist("closed");
    assert.dom(`#post_1 ${BUTTON}`).isFocused("one goes on where one was");
  });

  test("a tip of somebody else appears under its post", async function (assert) {
    await visit("/t/a-topic/1");
    assert.dom(".fiber-link-post-tips").doesNotExist("none yet");

    await publishToMessageBus("/topic/1", {
      id: 11,
      type: "fiber_link_tips",
      fiber_link_tips: {
        count: 1,
        totals: [{ asset: "CKB", amount: "10" }],
        users: [],
      },
    });
    await publishToMessageBus("/topic/1", {
      id: 99,
      type: "fiber_link_tips",
      fiber_link_tips: null,
    });

    assert.dom("#post_1 .fiber-link-post-tips").includesText("10 CKB", "here");
    assert.dom("#post_2 .fiber-link-post-tips").doesNotExist("and only here");
  });
});

acceptance("Fiber Link | Topic for a visitor", function (needs) {
  needs.pretender(topic);

  test("a visitor who wants to tip is led to the login", async function (assert) {
    await visit("/t/a-topic/1");
    await click(`#post_1 ${BUTTON}`);

    assert.dom(".login-form").exists("and can come back");
  });
});
