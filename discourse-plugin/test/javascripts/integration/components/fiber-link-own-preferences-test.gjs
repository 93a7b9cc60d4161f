import { click, render } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkOwnPreferences from "discourse/plugins/fiber-link/discourse/components/fiber-link/own-preferences";
import { preferences } from "../../helpers/fiber-link-fixtures";

const PREFERENCES = "/fiber-link/preferences.json";
const NOTIFIED = "[data-setting-name='notified'] [role='switch']";

module("Integration | Component | FiberLinkOwnPreferences", function (hooks) {
  setupRenderingTest(hooks);

  test("shows what was chosen, and asks for nothing else", async function (assert) {
    pretender.get(PREFERENCES, () =>
      response({ preferences: preferences({ notified: false }) })
    );
    pretender.get("/fiber-link/wallet.json", () => assert.step("wallet"));
    await render(<template><FiberLinkOwnPreferences /></template>);
    assert.dom(NOTIFIED).hasAria("checked", "false");
    assert.verifySteps([]);
  });

  test("says what went wrong, and reads again on request", async function (assert) {
    pretender.get(PREFERENCES, () =>
      response(429, { error_type: "rate_limit", extras: { wait_seconds: 5 } })
    );
    await render(<template><FiberLinkOwnPreferences /></template>);
    assert.dom(".fiber-link-failure-note").includesText("5 seconds");
    assert.dom(NOTIFIED).doesNotExist();

    pretender.get(PREFERENCES, () => response({ preferences: preferences() }));
    await click(".fiber-link-failure-note button");
    assert.dom(NOTIFIED).hasAria("checked", "true");
    assert.dom(".fiber-link-failure-note").doesNotExist();
  });
});
