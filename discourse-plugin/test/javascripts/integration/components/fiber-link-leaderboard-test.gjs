import {
  click,
  findAll,
  render,
  settled,
  waitUntil,
} from "@ember/test-helpers";
import { module, test } from "qunit";
import { setupRenderingTest } from "discourse/tests/helpers/component-test";
import pretender, { response } from "discourse/tests/helpers/create-pretender";
import FiberLinkLeaderboard from "discourse/plugins/fiber-link/discourse/components/fiber-link/leaderboard";
import {
  BEYOND_NUMBERS,
  deferred,
  HOSTILE,
  SAM,
} from "../../helpers/fiber-link-fixtures";

const LEADERBOARD = "/fiber-link/leaderboard.json";

function board(changes) {
  return {
    period: "week",
    asset: "CKB",
    assets: ["CKB", "RUSD"],
    topics: [
      {
        rank: 1,
        topic: { id: 7, title: "A topic", url: "/t/a-topic/7" },
        amount: BEYOND_NUMBERS,
        count: 2,
      },
    ],
    creators: [{ rank: 1, user: SAM, amount: "12", count: 1 }],
    tippers: [],
    ...changes,
  };
}

module("Integration | Component | FiberLinkLeaderboard", function (hooks) {
  setupRenderingTest(hooks);

  test("shows topics and creators, and says where nobody is", async function (assert) {
    pretender.get(LEADERBOARD, () => response(board()));
    await render(<template><FiberLinkLeaderboard /></template>);

    assert
      .dom(".--topics .fiber-link-leaderboard__topic")
      .hasText("A topic")
      .hasAttribute("href", "/t/a-topic/7");
    assert
      .dom(".--topics .fiber-link-leaderboard__sum")
      .includesText(`${BEYOND_NUMBERS} CKB`)
      .includesText("2 tips");
    assert.dom(".--creators .fiber-link-person__name").hasText("sam");
    assert
      .dom(".--creators .fiber-link-leaderboard__sum")
      .includesText("1 tip");
    assert
      .dom(".--tippers .fiber-link-leaderboard__empty")
      .hasText("Nobody who agreed to be shown tipped in this time.");
  });

  test("says a shared rank to everybody as it is", async function (assert) {
    const entry = (rank, username) => ({
      rank,
      user: { ...SAM, username },
      amount: "12",
      count: 1,
    });
    pretender.get(LEADERBOARD, () =>
      response(
        board({ creators: [entry(1, "a"), entry(1, "b"), entry(3, "c")] })
      )
    );
    await render(<template><FiberLinkLeaderboard /></template>);

    const ranks = findAll(".--creators .fiber-link-leaderboard__rank");
    assert.deepEqual(
      ranks.map(({ textContent }) => textContent.trim()),
      ["1", "1", "3"]
    );
    assert
      .dom(".--creators [aria-hidden='true'].fiber-link-leaderboard__rank")
      .doesNotExist("it is read out");
    assert
      .dom(".--creators ol")
      .doesNotExist("and no other count is read beside it");
  });

  test("asks for the period and the asset that were chosen", async function (assert) {
    const asked = [];
    pretender.get(LEADERBOARD, ({ queryParams }) => {
      asked.push(queryParams);
      return response(board({ asset: queryParams.asset ?? "CKB" }));
    });
    await render(<template><FiberLinkLeaderboard /></template>);
    await click("[data-choice='month']");
    await click("[data-choice='RUSD']");
    await click("[data-choice='RUSD']");

    assert.deepEqual(
      asked,
      [
        { period: "week" },
        { period: "month" },
        { period: "month", asset: "RUSD" },
      ],
      "and not again for what is shown already"
    );
    assert.dom("[data-choice='month']").hasAria("pressed", "true");
    assert.dom("[data-choice='week']").hasAria("pressed", "false");
    assert.dom("[data-choice='RUSD']").hasAria("pressed", "true");
  });

  test("only the answer to the newest question is shown", async function (assert) {
    const answers = { week: deferred(), all: deferred() };
    const asked = [];
    pretender.get(LEADERBOARD, ({ queryParams: { period } }) => {
      asked.push(period);
      return answers[period].promise;
    });
    const rendering = render(<template><FiberLinkLeaderboard /></template>);
    await waitUntil(() => asked.length === 1);
    const clicking = click("[data-choice='all']");
    await waitUntil(() => asked.length === 2);
    answers.all.resolve(response(board({ creators: [], period: "all" })));
    answers.week.resolve(response(board()));
    await Promise.all([rendering, clicking]);
    await settled();

    assert.dom(".--creators .fiber-link-person").doesNotExist();
  });

  test("tells members how to be shown, and visitors nothing", async function (assert) {
    pretender.get(LEADERBOARD, () => response(board()));
    await render(<template><FiberLinkLeaderboard /></template>);
    assert
      .dom(".fiber-link-leaderboard__preferences")
      .hasAttribute("href", "/u/eviltrout/fiber-link");
  });

  test("says what failed and tries again on request", async function (assert) {
    pretender.get(LEADERBOARD, () => response(503, {}));
    await render(<template><FiberLinkLeaderboard /></template>);
    assert.dom(".fiber-link-failure-note").exists();

    pretender.get(LEADERBOARD, () => response(board()));
    await click(".fiber-link-failure-note__retry");
    assert.dom(".fiber-link-failure-note").doesNotExist();
    assert.dom(".fiber-link-leaderboard__board").exists({ count: 3 });
  });

  test("markup in titles and names is text", async function (assert) {
    const topic = { id: 1, title: HOSTILE, url: "/t/x/1" };
    const user = { ...SAM, username: HOSTILE };
    pretender.get(LEADERBOARD, () =>
      response(
        board({
          topics: [{ rank: 1, topic, amount: "1", count: 1 }],
          creators: [{ rank: 1, user, amount: "1", count: 1 }],
        })
      )
    );
    await render(<template><FiberLinkLeaderboard /></template>);
    assert.dom(".fiber-link-leaderboard__topic").hasText(HOSTILE);
    assert.dom(".fiber-link-person__name").hasText(HOSTILE);
    assert.dom(".fiber-link-leaderboard img:not(.avatar)").doesNotExist();
    assert.strictEqual(globalThis.__ran, undefined, "nothing ran");
  });
});

module(
  "Integration | Component | FiberLinkLeaderboard for visitors",
  function (hooks) {
    setupRenderingTest(hooks, { anonymous: true });

    test("has no way to preferences", async function (assert) {
      pretender.get(LEADERBOARD, () => response(board()));
      await render(<template><FiberLinkLeaderboard /></template>);
      assert.dom(".fiber-link-leaderboard__preferences").doesNotExist();
      assert.dom(".fiber-link-leaderboard__board").exists({ count: 3 });
    });
  }
);
