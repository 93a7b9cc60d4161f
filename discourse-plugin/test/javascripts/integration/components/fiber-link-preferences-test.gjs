import { click, focus, render, settled } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, {
  parsePostData,
  response,
} from "discourse/tests/helpers/create-pretender";
import FiberLinkPreferences from "discourse/plugins/fiber-link/discourse/components/fiber-link/preferences";
import { deferred, preferences } from "../../helpers/fiber-link-fixtures";

const PREFERENCES = "/fiber-link/preferences.json";
const CHOSEN = preferences();

function switchOf(name) {
  return `[data-setting-name='${name}'] [role='switch']`;
}

module("Integration | Component | FiberLinkPreferences", function (hooks) {
  setupRenderingTest(hooks);

  hooks.beforeEach(function () {
    this.siteSettings.fiber_link_leaderboard_enabled = true;
  });

  test("shows what was chosen", async function (assert) {
    await render(
      <template><FiberLinkPreferences @preferences={{CHOSEN}} /></template>
    );
    assert.dom(switchOf("accepts_tips")).hasAria("checked", "true");
    assert.dom(switchOf("notified")).hasAria("checked", "true");
    assert.dom(switchOf("on_leaderboard")).hasAria("checked", "false");
    assert
      .dom(switchOf("accepts_tips"))
      .hasAria("label", "Let others tip my posts");
  });

  test("saves one change at once and says so aloud", async function (assert) {
    pretender.put(PREFERENCES, (request) => {
      assert.deepEqual(parsePostData(request.requestBody), {
        on_leaderboard: "true",
      });
      return response({ preferences: preferences({ on_leaderboard: true }) });
    });
    await render(
      <template><FiberLinkPreferences @preferences={{CHOSEN}} /></template>
    );
    await focus(switchOf("on_leaderboard"));
    assert.dom(switchOf("on_leaderboard")).isFocused("it can be reached");
    await click(switchOf("on_leaderboard"));

    assert.dom(switchOf("on_leaderboard")).hasAria("checked", "true");
    assert.strictEqual(
      this.owner.lookup("service:a11y").politeMessage,
      "Saved"
    );
  });

  test("puts a switch back that could not be saved, and says why", async function (assert) {
    pretender.put(PREFERENCES, () =>
      response(429, { error_type: "rate_limit", extras: { wait_seconds: 5 } })
    );
    await render(
      <template><FiberLinkPreferences @preferences={{CHOSEN}} /></template>
    );
    await click(switchOf("notified"));

    assert.dom(switchOf("notified")).hasAria("checked", "true");
    assert.dom(".fiber-link-failure-note").includesText("5 seconds");
  });

  test("a second click while the first is being saved does nothing", async function (assert) {
    const answer = deferred();
    pretender.put(PREFERENCES, () => {
      assert.step("saved");
      return answer.promise;
    });
    await render(
      <template><FiberLinkPreferences @preferences={{CHOSEN}} /></template>
    );
    const first = click(switchOf("notified"));
    const second = click(switchOf("notified"));
    answer.resolve(response({ preferences: preferences({ notified: false }) }));
    await Promise.all([first, second]);
    await settled();

    assert.verifySteps(["saved"]);
    assert.dom(switchOf("notified")).hasAria("checked", "false");
  });

  test("without a leaderboard there is nothing to agree to", async function (assert) {
    this.siteSettings.fiber_link_leaderboard_enabled = false;
    await render(
      <template><FiberLinkPreferences @preferences={{CHOSEN}} /></template>
    );
    assert.dom(switchOf("on_leaderboard")).doesNotExist();
    assert.dom(switchOf("notified")).exists();
  });
});
