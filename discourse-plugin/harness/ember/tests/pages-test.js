import { click, currentURL, visit } from "@ember/test-helpers";
import { test } from "qunit";
import { acceptance } from "discourse/tests/helpers/qunit-helpers";
import {
  preferences,
  SAM,
  tip,
  wallet,
  withdrawal,
} from "../../../test/javascripts/helpers/fiber-link-fixtures";

function answerEverything(server, { response }) {
  const users = { sam: SAM, eviltrout: { id: 19, username: "eviltrout" } };
  server.get("/u/:username", ({ params }) =>
    response({ user: users[params.username.replace(".json", "")] })
  );
  server.get("/fiber-link/wallet.json", () => response(wallet()));
  server.get("/fiber-link/wallet/tips.json", () =>
    response({ tips: [tip()], next: null })
  );
  server.get("/fiber-link/withdrawals.json", () =>
    response({ withdrawals: [withdrawal({ state: "completed" })], next: null })
  );
  server.get("/fiber-link/preferences.json", () =>
    response({ preferences: preferences() })
  );
  server.put("/fiber-link/preferences.json", () =>
    response({ preferences: preferences({ notified: false }) })
  );
  server.get("/fiber-link/leaderboard.json", () =>
    response({
      period: "week",
      asset: "CKB",
      assets: ["CKB"],
      topics: [],
      creators: [{ rank: 1, user: SAM, amount: "12", count: 1 }],
      tippers: [],
    })
  );
  server.get("/admin/plugins/fiber-link/overview.json", () =>
    response({
      service: { url: null, reachable: false, error: "not_configured" },
      clock_skew_seconds: null,
      passed_over: 0,
      app_id: null,
      last_sync_at: null,
      last_sync_error: null,
      open_tips: 0,
      totals: [],
      plugin_version: "1.0.0",
    })
  );
}

acceptance("Fiber Link | pages of a member", function (needs) {
  needs.user({ id: 19, username: "eviltrout" });
  needs.settings({
    fiber_link_enabled: true,
    fiber_link_leaderboard_enabled: true,
  });
  needs.pretender(answerEverything);

  test("one's own profile leads to the balance, the tips and the withdrawals", async function (assert) {
    await visit("/u/eviltrout");
    await click(".user-nav__fiber-link a");

    assert.strictEqual(currentURL(), "/u/eviltrout/fiber-link");
    assert.dom(".fiber-link-balances").includesText("120.5 CKB");
    assert.dom(".fiber-link-withdrawal").exists({ count: 1 });
    assert.dom(".fiber-link-history-tip").exists({ count: 1 });
    assert.dom(".fiber-link-preferences").exists();
    assert
      .dom(".fiber-link-wallet-page__leaderboard")
      .hasAttribute("href", "/fiber-link/leaderboard");
  });

  test("the profile of somebody else has no such link, and their page is not to be had", async function (assert) {
    await visit("/u/sam");
    assert.dom(".user-nav__fiber-link").doesNotExist();

    await visit("/u/sam/fiber-link");
    assert.strictEqual(currentURL(), "/u/sam");
    assert.dom(".fiber-link-wallet-page").doesNotExist();
  });

  test("preferences are with those of notifications", async function (assert) {
    await visit("/u/eviltrout/preferences/notifications");
    await click("[data-setting-name='notified'] [role='switch']");
    assert
      .dom("[data-setting-name='notified'] [role='switch']")
      .hasAria("checked", "false");
  });

  test("small text has enough contrast", async function (assert) {
    const strong = document.createElement("span");
    strong.style.color = "var(--primary-high)";
    document.body.append(strong);
    const { color } = getComputedStyle(strong);
    strong.remove();

    await visit("/u/eviltrout/fiber-link");
    for (const name of [
      "balances__meaning",
      "withdrawal__time",
      "history-tip__time",
      "preferences__meaning",
    ]) {
      assert.dom(`.fiber-link-${name}`).hasStyle({ color }, name);
    }
    await visit("/fiber-link/leaderboard");
    for (const name of ["rank", "count", "hint"]) {
      assert.dom(`.fiber-link-leaderboard__${name}`).hasStyle({ color }, name);
    }
  });

  test("the page of the earlier plugin leads to one's own", async function (assert) {
    await visit("/fiber-link");
    assert.strictEqual(currentURL(), "/u/eviltrout/fiber-link");
    assert.dom(".fiber-link-wallet-page").exists();
  });

  test("the leaderboard has a page of its own", async function (assert) {
    await visit("/fiber-link/leaderboard");
    assert.dom(".fiber-link-leaderboard__board").exists({ count: 3 });
  });
});

acceptance("Fiber Link | pages of a visitor", function (needs) {
  needs.settings({
    fiber_link_enabled: true,
    fiber_link_leaderboard_enabled: true,
  });
  needs.pretender(answerEverything);

  test("the page of the earlier plugin asks to log in", async function (assert) {
    await visit("/fiber-link");
    assert.strictEqual(currentURL(), "/login");
  });
});

acceptance("Fiber Link | pages of an admin", function (needs) {
  needs.user({ id: 19, username: "eviltrout", admin: true });
  needs.pretender(answerEverything);

  test("the plugin's admin page has an overview", async function (assert) {
    await visit("/admin/plugins/fiber-link/overview");
    assert
      .dom(".fiber-link-admin-overview__service-words")
      .hasText("The service is not set up.");
  });
});
