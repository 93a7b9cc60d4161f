import { tracked } from "@glimmer/tracking";
import { click, find, render, settled, waitUntil } from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkPostTips from "discourse/plugins/fiber-link/discourse/components/fiber-link/post-tips";
import { deferred } from "../../helpers/fiber-link-fixtures";
import { unavailable } from "../../helpers/tips";

const TOGGLE = ".fiber-link-post-tips__toggle";
const TIP = ".fiber-link-post-tip-list__tip";
const MORE = ".fiber-link-paged-list__more";
const ERROR = ".fiber-link-failure-note";
const PATH = "/fiber-link/posts/42/tips.json";

const BERTHA = { id: 3, username: "bertha", avatar_template: "/b/{size}.png" };

class Post {
  @tracked fiber_link_tips = null;

  id = 42;
}

function tip(id, changes) {
  return {
    id,
    user: BERTHA,
    asset: "CKB",
    amount: String(id),
    message: null,
    settled_at: "2026-10-01T12:00:00Z",
    ...changes,
  };
}

module("Integration | Component | FiberLinkPostTips", function (hooks) {
  setupRenderingTest(hooks);

  hooks.beforeEach(function () {
    this.post = new Post();
    this.show = (tips) => {
      this.post.fiber_link_tips = tips;
      const outletArgs = { post: this.post };
      return render(
        <template><FiberLinkPostTips @outletArgs={{outletArgs}} /></template>
      );
    };
  });

  test("a post without tips shows nothing", async function (assert) {
    await this.show(null);

    assert.dom(".fiber-link-post-tips").doesNotExist("no empty box");
  });

  test("totals, count and who tipped are shown and follow the post", async function (assert) {
    await this.show({
      count: 1,
      totals: [{ asset: "CKB", amount: "9007199254740993.00000001" }],
      users: [BERTHA],
    });
    assert
      .dom(".fiber-link-post-tips__totals")
      .hasText("9007199254740993.00000001 CKB", "every digit");
    assert.dom(".fiber-link-post-tips__count").hasText("1 tip", "one");
    assert
      .dom(".fiber-link-post-tips__users a")
      .hasAria("label", "Profile of bertha", "who");

    this.post.fiber_link_tips = {
      count: 2,
      totals: [
        { asset: "CKB", amount: "20" },
        { asset: "USDI", amount: "0.5" },
      ],
      users: [],
    };
    await settled();

    assert
      .dom(".fiber-link-amounts__amount")
      .exists({ count: 2 }, "one total for each asset");
    assert
      .dom(".fiber-link-post-tips__users")
      .doesNotExist("no empty list where all are anonymous");
    assert.dom(".fiber-link-post-tips__count").hasText("2 tips", "live");
  });

  test("all tips are shown page by page", async function (assert) {
    const asked = [];
    pretender.get(PATH, ({ queryParams }) => {
      asked.push(queryParams.before);
      return response(
        queryParams.before
          ? { tips: [tip(1, { user: null })], next: null }
          : { tips: [tip(3, { message: "well said" }), tip(2)], next: "2" }
      );
    });
    await this.show({ count: 3, totals: [], users: [] });
    assert.dom(TOGGLE).hasAria("expanded", "false", "closed");

    await click(TOGGLE);
    assert.dom(TOGGLE).hasAria("expanded", "true", "open");
    assert.dom(TIP).exists({ count: 2 }, "the newest");
    assert
      .dom(".fiber-link-post-tip-list__message")
      .hasText("well said", "with the message, where it may be seen");

    await click(MORE);
    assert.dom(TIP).exists({ count: 3 }, "and the older ones");
    assert.dom(`${TIP}:last-child`).includesText("Anonymous", "without a name");
    assert.dom(MORE).doesNotExist("there are no more");
    assert.deepEqual(asked, [undefined, "2"], "each page is asked for once");

    await click(TOGGLE);
    assert.dom(TIP).doesNotExist("closed again");
  });

  test("an open list takes up a tip that arrives", async function (assert) {
    let tips = [tip(1)];
    pretender.get(PATH, () => response({ tips, next: null }));
    await this.show({ count: 1, totals: [], users: [] });
    await click(TOGGLE);

    tips = [tip(2), tip(1)];
    this.post.fiber_link_tips = { count: 2, totals: [], users: [] };
    await settled();

    assert.dom(TIP).exists({ count: 2 }, "without a page load");
  });

  test("a tip that arrives while older ones are read loses none of them", async function (assert) {
    const older = deferred();
    let newest = [tip(3), tip(2)];
    pretender.get(PATH, ({ queryParams }) =>
      queryParams.before ? older.promise : response({ tips: newest, next: "2" })
    );
    await this.show({ count: 3, totals: [], users: [] });
    await click(TOGGLE);
    find(MORE).click();
    await waitUntil(() => find(MORE).disabled);

    newest = [tip(4), tip(3)];
    pretender.get(PATH, ({ queryParams }) =>
      response(
        queryParams.before === "3"
          ? { tips: [tip(2), tip(1)], next: null }
          : queryParams.before
            ? { tips: [tip(1)], next: null }
            : { tips: newest, next: "3" }
      )
    );
    this.post.fiber_link_tips = { count: 4, totals: [], users: [] };
    older.resolve(response({ tips: [tip(1)], next: null }));
    await settled();

    assert.deepEqual(
      [...document.querySelectorAll(".fiber-link-post-tip-list__amount")].map(
        (one) => one.textContent.trim()
      ),
      ["4 CKB", "3 CKB", "2 CKB", "1 CKB"],
      "each once, the newest first"
    );
  });

  test("a list that cannot be loaded says so and can be asked for again", async function (assert) {
    pretender.get(PATH, unavailable);
    await this.show({ count: 1, totals: [], users: [] });
    await click(TOGGLE);
    assert.dom(ERROR).includesText("does not answer right now", "in words");

    pretender.get(PATH, () => response({ tips: [tip(1)], next: null }));
    await click(`${ERROR} button`);

    assert.dom(TIP).exists({ count: 1 }, "then it is there");
  });

  test("markup in names, assets and messages stays text", async function (assert) {
    const markup = `<img src=x onerror="globalThis.__executed = true">`;
    const user = { ...BERTHA, username: markup };
    pretender.get(PATH, () =>
      response({
        tips: [tip(1, { user, message: markup, asset: markup })],
        next: null,
      })
    );
    await this.show({
      count: 1,
      totals: [{ asset: markup, amount: markup }],
      users: [user],
    });
    await click(TOGGLE);

    assert
      .dom(".fiber-link-post-tip-list__message")
      .hasText(markup, "a message");
    assert
      .dom(".fiber-link-post-tip-list__user")
      .includesText(markup, "a name");
    assert.dom("img[src='x']").doesNotExist("nothing becomes an element");
    assert.strictEqual(globalThis.__executed, undefined, "nothing runs");
  });
});
