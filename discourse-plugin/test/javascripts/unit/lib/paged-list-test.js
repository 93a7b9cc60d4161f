import { setupTest } from "ember-qunit";
import { module, test } from "qunit";
import { ApiError } from "discourse/plugins/fiber-link/discourse/lib/fiber-link/api";
import PagedList from "discourse/plugins/fiber-link/discourse/lib/fiber-link/paged-list";
import { deferred } from "../../helpers/fiber-link-fixtures";

function ids(list) {
  return list.items.map(({ id }) => id);
}

function pagesOf(pages) {
  return async (before) => pages[before ?? "first"];
}

module("Unit | Lib | fiber-link paged list", function (hooks) {
  setupTest(hooks);

  test("reads page after page to the end", async function (assert) {
    const list = new PagedList(
      pagesOf({
        first: { items: [{ id: 3 }, { id: 2 }], next: "2" },
        2: { items: [{ id: 1 }], next: null },
      })
    );

    await list.load();
    assert.deepEqual(ids(list), [3, 2], "the first page");
    assert.true(list.hasMore, "there is more");

    await list.loadMore();
    assert.deepEqual(ids(list), [3, 2, 1], "both pages");
    assert.false(list.hasMore, "that was all");

    await list.loadMore();
    assert.deepEqual(ids(list), [3, 2, 1], "asking on changes nothing");
  });

  test("shows nothing twice when pages overlap", async function (assert) {
    const list = new PagedList(
      pagesOf({
        first: { items: [{ id: 3 }, { id: 2 }], next: "2" },
        2: { items: [{ id: 2 }, { id: 1 }], next: null },
      })
    );
    await list.load();
    await list.loadMore();
    assert.deepEqual(ids(list), [3, 2, 1]);
  });

  test("asks once for two clicks on more", async function (assert) {
    const page = deferred();
    const asked = [];
    const list = new PagedList((before) => {
      asked.push(before);
      return before ? page.promise : { items: [{ id: 2 }], next: "2" };
    });
    await list.load();

    const first = list.loadMore();
    list.loadMore();
    page.resolve({ items: [{ id: 1 }], next: null });
    await first;

    assert.deepEqual(asked, [null, "2"]);
  });

  test("keeps what it has when more cannot be read, and tries again", async function (assert) {
    let answers = true;
    const list = new PagedList(async (before) => {
      if (before && !answers) {
        throw new ApiError("unavailable", { words: "no answer" });
      }
      return before
        ? { items: [{ id: 1 }], next: null }
        : { items: [{ id: 2 }], next: "2" };
    });
    await list.load();
    answers = false;
    await list.loadMore();
    assert.strictEqual(list.failure.words, "no answer", "why there is no more");
    assert.deepEqual(ids(list), [2], "the first page is still there");

    answers = true;
    await list.retry();
    assert.strictEqual(list.failure, null, "it went well");
    assert.deepEqual(ids(list), [2, 1], "now with the second page");
  });

  test("a refresh reads as many pages as are shown", async function (assert) {
    const pages = {
      first: { items: [{ id: 2, state: "pending" }], next: "2" },
      2: { items: [{ id: 1, state: "pending" }], next: "1" },
      1: { items: [{ id: 0, state: "pending" }], next: null },
    };
    const list = new PagedList(pagesOf(pages));
    await list.load();
    await list.loadMore();

    pages[2] = { items: [{ id: 1, state: "completed" }], next: "1" };
    await list.refresh();

    assert.deepEqual(
      list.items.map(({ state }) => state),
      ["pending", "completed"],
      "two pages, the second one changed"
    );
    assert.true(list.hasMore, "the third one is still to come");
  });

  test("a mistake of ours is not taken for a failed request", async function (assert) {
    const list = new PagedList(async () => {
      throw new TypeError("ours");
    });
    await assert.rejects(list.load(), /ours/);
    assert.strictEqual(list.failure, null);
  });
});
