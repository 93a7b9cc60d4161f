import { setupTest } from "ember-qunit";
import { module, test } from "qunit";
import NotificationTypeBase from "discourse/lib/notification-types/base";
import tipNotification from "discourse/plugins/fiber-link/discourse/lib/fiber-link/tip-notification";
import withdrawalNotification from "discourse/plugins/fiber-link/discourse/lib/fiber-link/withdrawal-notification";
import { BEYOND_NUMBERS, HOSTILE } from "../../helpers/fiber-link-fixtures";

function rendered(renderer, notification) {
  const Renderer = renderer(NotificationTypeBase);
  return new Renderer({
    notification,
    currentUser: { username: "EvilTrout" },
    siteSettings: {},
    site: { notificationLookup: {} },
  });
}

function tips(data, notification = {}) {
  return rendered(tipNotification, {
    slug: "a-topic",
    topic_id: 7,
    post_number: 2,
    ...notification,
    data: {
      count: 1,
      display_username: "sam",
      totals: [{ asset: "CKB", amount: "12" }],
      message: null,
      topic_title: "A topic",
      ...data,
    },
  });
}

function ended(data) {
  return rendered(withdrawalNotification, {
    data: { kind: "completed", asset: "CKB", amount: "50", ...data },
  });
}

module("Unit | Lib | fiber-link notifications", function (hooks) {
  setupTest(hooks);

  test("one tip says who, how much and in which words, and leads to the post", function (assert) {
    const one = tips({ message: "Thank you!" });
    assert.strictEqual(one.label, "sam");
    assert.strictEqual(one.description, "tipped 12 CKB: Thank you!");
    assert.strictEqual(one.linkHref, "/t/a-topic/7/2");
    assert.strictEqual(one.icon, "bolt");
    assert.strictEqual(tips().description, "tipped 12 CKB");
  });

  test("an anonymous tip comes from somebody", function (assert) {
    assert.strictEqual(tips({ display_username: null }).label, "Somebody");
  });

  test("several tips are one notification with their sum", function (assert) {
    const several = tips({
      count: 3,
      username2: "lee",
      totals: [
        { asset: "CKB", amount: BEYOND_NUMBERS },
        { asset: "RUSD", amount: "1.5" },
      ],
      message: "not shown: it is of one of them",
    });
    assert.strictEqual(several.label, "3 tips");
    assert.strictEqual(
      several.description,
      `${BEYOND_NUMBERS} CKB, 1.5 RUSD, the latest from sam`
    );
  });

  test("several tips of which the latest is anonymous name nobody", function (assert) {
    const several = tips({ count: 2, display_username: null });
    assert.strictEqual(several.label, "2 tips");
    assert.strictEqual(several.description, "12 CKB");
  });

  test("a tip for a post that may not be seen leads to one's own page", function (assert) {
    const one = tips({}, { topic_id: null });
    assert.strictEqual(one.linkHref, "/u/eviltrout/fiber-link");
  });

  test("a withdrawal says how it ended and leads to one's own page", function (assert) {
    const paid = ended();
    assert.strictEqual(paid.label, "Withdrawal paid");
    assert.strictEqual(paid.description, "50 CKB");
    assert.strictEqual(paid.linkHref, "/u/eviltrout/fiber-link");

    const failed = ended({ kind: "failed" });
    assert.strictEqual(failed.label, "Withdrawal failed");
    assert.strictEqual(failed.description, "50 CKB is available again");
    assert.notStrictEqual(failed.icon, paid.icon, "and looks different");
  });

  test("a withdrawal that was paid after all says that the balance stays", function (assert) {
    const late = ended({ kind: "paid_late" });
    assert.strictEqual(late.label, "Withdrawal paid after all");
    assert.strictEqual(
      late.description,
      "50 CKB has arrived, and your balance stays as it is"
    );
    assert.strictEqual(late.icon, ended().icon);
  });

  test("markup stays a string, which Discourse shows as text", function (assert) {
    const one = tips({ message: HOSTILE });
    assert.strictEqual(typeof one.description, "string", "nothing is trusted");
    assert.true(one.description.endsWith(HOSTILE), "as it came");
  });
});
