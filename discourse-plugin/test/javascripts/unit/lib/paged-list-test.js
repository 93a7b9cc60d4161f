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

  test("a refresh reads the first page alone and keeps the others", async function (assert) {
    const asked = [];
    const pages = {
      first: { items: [{ id: 2, state: "pending" }], next: "2" },
      2: { items: [{ id: 1, state: "failed" }], next: "1" },
    };
    const list = new PagedList((before) => {
      asked.push(before);
      return pages[before ?? "first"];
    });
    await list.load();
    await list.loadMore();

    pages.first = {
      items: [
        { id: 3, state: "pending" },
        { id: 2, state: "completed" },
      ],
      next: "2",
    };
    await list.refresh();

    assert.deepEqual(asked, [null, "2", null], "one request");
    assert.deepEqual(
      list.items.map(({ id, state }) => [id, state]),
      [
        [3, "pending"],
        [2, "completed"],
        [1, "failed"],
      ],
      "what is new, what changed and what was there"
    );
    assert.strictEqual(list.next, "1", "more goes on where it was");
    assert.deepEqual(
      list.newest.map(({ id }) => id),
      [3, 2],
      "those that a refresh brings"
    );
  });

  test("a refresh begins anew where a whole page has come between", async function (assert) {
    const pages = { first: { items: [{ id: 1 }], next: "1" } };
    const list = new PagedList(pagesOf(pages));
    await list.load();

    pages.first = { items: [{ id: 9 }, { id: 8 }], next: "8" };
    await list.refresh();

    assert.deepEqual(ids(list), [9, 8], "without a gap");
    assert.strictEqual(list.next, "8");
  });

  test("a refresh is not noticed while it is under way or when it fails", async function (assert) {
    const answer = deferred();
    const answers = [
      { items: [{ id: 2 }], next: "2" },
      Promise.reject(new ApiError("unavailable", { words: "no more" })),
      answer.promise,
    ];
    answers[1].catch(() => {});
    const list = new PagedList(() => answers.shift());
    await list.load();
    await list.loadMore();

    const refreshing = list.refresh();
    assert.false(list.isLoading, "no spinner");
    assert.strictEqual(list.failure.words, "no more", "the failure stays");
    answer.reject(new ApiError("unavailable", { words: "no answer" }));
    await refreshing;
    assert.strictEqual(list.failure.words, "no more", "and is not said anew");
    assert.deepEqual(ids(list), [2]);
  });

  test("more can be asked for while a refresh is under way", async function (assert) {
    const answer = deferred();
    let reads = 0;
    const list = new PagedList((before) => {
      if (before) {
        return { items: [{ id: 1 }], next: null };
      }
      return ++reads === 1 ? { items: [{ id: 2 }], next: "2" } : answer.promise;
    });
    await list.load();
    const refreshing = list.refresh();
    await list.loadMore();
    answer.resolve({ items: [{ id: 3 }, { id: 2 }], next: "2" });
    await refreshing;

    assert.deepEqual(ids(list), [3, 2, 1]);
    assert.false(list.hasMore, "that was all");
  });

  test("an item that is shown already is not put in front again", async function (assert) {
    const list = new PagedList(
      pagesOf({ first: { items: [{ id: 1, state: "completed" }], next: null } })
    );
    await list.load();
    list.prepend({ id: 1, state: "pending" });
    list.prepend({ id: 2, state: "pending" });

    assert.deepEqual(
      list.items.map(({ id, state }) => [id, state]),
      [
        [2, "pending"],
        [1, "completed"],
      ]
    );
  });

  test("a list that could not be read is there after a refresh", async function (assert) {
    let answers = false;
    const list = new PagedList(async () => {
      if (!answers) {
        throw new ApiError("unavailable", { words: "no answer" });
      }
      return { items: [{ id: 1 }], next: null };
    });
    await list.load();
    answers = true;
    await list.refresh();

    assert.deepEqual(ids(list), [1]);
    assert.strictEqual(list.failure, null);
  });

  test("a mistake of ours is not taken for a failed request", async function (assert) {
    const list = new PagedList(async () => {
      throw new TypeError("ours");
    });
    await assert.rejects(list.load(), /ours/);
    assert.strictEqual(list.failure, null);
  });
});
