import { click, render } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import FiberLinkPostMenuButton from "discourse/plugins/fiber-link/discourse/components/fiber-link/post-menu-button";
import FiberLinkTipModal from "discourse/plugins/fiber-link/discourse/components/modal/fiber-link-tip";
import { POST } from "../../helpers/tips";

const BUTTON = ".post-action-menu__fiber-link-tip";

function show(buttonActions) {
  return render(
    <template>
      <FiberLinkPostMenuButton
        @post={{POST}}
        @buttonActions={{buttonActions}}
      />
    </template>
  );
}

module("Integration | Component | FiberLinkPostMenuButton", function (hooks) {
  setupRenderingTest(hooks);

  test("it opens the modal for its post", async function (assert) {
    const shown = [];
    this.owner.lookup("service:modal").show = (component, { model }) =>
      shown.push([component, model.post]);
    await show({});

    assert.dom(BUTTON).hasAttribute("title", "Tip this post", "has a name");
    await click(BUTTON);

    assert.deepEqual(shown, [[FiberLinkTipModal, POST]], "once");
  });

  test("it is there only where the post may be tipped", function (assert) {
    const may = (fiber_link_can_tip) =>
      FiberLinkPostMenuButton.shouldRender({ post: { fiber_link_can_tip } });

    assert.true(may(true), "where it may");
    assert.false(may(false), "not where it may not");
    assert.false(may(undefined), "nor where nothing is said of it");
  });
});

module(
  "Integration | Component | FiberLinkPostMenuButton for a visitor",
  function (hooks) {
    setupRenderingTest(hooks, { anonymous: true });

    test("it leads to the login", async function (assert) {
      let led = 0;
      await show({ showLogin: () => led++ });

      assert
        .dom(BUTTON)
        .hasAttribute("title", "Log in to tip this post", "says so");
      await click(BUTTON);

      assert.strictEqual(led, 1, "once");
    });
  }
);
