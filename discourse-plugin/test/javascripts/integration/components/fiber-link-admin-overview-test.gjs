import { click, render } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkAdminOverview from "discourse/plugins/fiber-link/discourse/components/fiber-link/admin-overview";
import { BEYOND_NUMBERS, HOSTILE } from "../../helpers/fiber-link-fixtures";

const OVERVIEW = "/admin/plugins/fiber-link/overview.json";

function overview({ service, ...changes } = {}) {
  return {
    service: {
      url: "https://tips.example.com",
      reachable: true,
      error: null,
      ...service,
    },
    clock_skew_seconds: 1,
    app_id: "forum",
    last_sync_at: "2026-11-20T10:00:00Z",
    last_sync_error: null,
    passed_over: 0,
    open_tips: 3,
    totals: [{ asset: "CKB", amount: BEYOND_NUMBERS, count: 17 }],
    plugin_version: "1.0.0",
    ...changes,
  };
}

function answerWith(changes) {
  pretender.get(OVERVIEW, () => response(overview(changes)));
}

function fact(name) {
  return `[data-fact='${name}'] td`;
}

const WORDS = ".fiber-link-admin-overview__service-words";

module("Integration | Component | FiberLinkAdminOverview", function (hooks) {
  setupRenderingTest(hooks);

  test("shows how things stand", async function (assert) {
    answerWith();
    await render(<template><FiberLinkAdminOverview /></template>);
    assert.dom(WORDS).hasText("The Fiber Link service answers.");
    assert.dom(fact("url")).hasText("https://tips.example.com");
    assert.dom(fact("app-id")).hasText("forum");
    assert.dom(fact("clock-skew")).hasText("1 second");
    assert.dom(fact("open-tips")).hasText("3");
    assert.dom(fact("passed-over")).doesNotExist();
    assert.dom(fact("totals")).hasText(`${BEYOND_NUMBERS} CKB in 17 tips`);
    assert.dom(fact("plugin-version")).hasText("1.0.0");
  });

  for (const [error, words] of Object.entries({
    not_configured: "The service is not set up.",
    unreachable: "The service does not answer.",
    unauthorized: "The service refuses this forum.",
    bad_answer: "The service answers nonsense.",
    [HOSTILE]: "There is a problem with the service.",
  })) {
    test(`says in words: ${words}`, async function (assert) {
      answerWith({ service: { reachable: false, error } });
      await render(<template><FiberLinkAdminOverview /></template>);
      assert.dom(WORDS).hasText(words);
      assert
        .dom(".fiber-link-admin-overview__advice")
        .exists(
          { count: error === HOSTILE ? 0 : 1 },
          "and what to do about it"
        );
    });
  }

  test("before the set-up there is nothing to show", async function (assert) {
    answerWith({
      service: { url: null, reachable: false, error: "not_configured" },
      clock_skew_seconds: null,
      app_id: null,
      last_sync_at: null,
      totals: [],
    });
    await render(<template><FiberLinkAdminOverview /></template>);
    assert.dom(fact("url")).hasText("Not set");
    assert.dom(fact("app-id")).hasText("Not set");
    assert.dom(fact("clock-skew")).hasText("Not known");
    assert.dom(fact("last-sync")).hasText("Never");
    assert.dom(fact("totals")).hasText("None yet");
  });

  test("warns of a clock that is off and of a sync that failed", async function (assert) {
    answerWith({ clock_skew_seconds: -240, last_sync_error: "unauthorized" });
    await render(<template><FiberLinkAdminOverview /></template>);
    assert.dom(fact("clock-skew")).includesText("-240 seconds");
    assert.dom(fact("clock-skew")).includesText("Set the clock of this server");
    assert
      .dom(fact("last-sync"))
      .includesText("The service refuses this forum.");
  });

  test("warns of events that could not be recorded", async function (assert) {
    answerWith({ passed_over: 2 });
    await render(<template><FiberLinkAdminOverview /></template>);
    assert.dom(fact("passed-over")).includesText("2");
    assert.dom(fact("passed-over")).includesText("could not be recorded");
  });

  test("reads everything again on request", async function (assert) {
    answerWith({ open_tips: 3 });
    await render(<template><FiberLinkAdminOverview /></template>);
    answerWith({ open_tips: 4 });
    await click(".fiber-link-admin-overview__refresh");
    assert.dom(fact("open-tips")).hasText("4");

    pretender.get(OVERVIEW, () => response(403, {}));
    await click(".fiber-link-admin-overview__refresh");
    assert.dom(".fiber-link-failure-note").exists();
    assert.dom(fact("open-tips")).hasText("4", "what was known stays");
  });
});
