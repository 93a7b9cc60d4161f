// What strangers write and what a broken server answers: nothing of it runs, and nothing hangs.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { before, test } from "node:test";
import { Forum } from "./forum.mjs";
import { inWorld, TOPIC, Topic } from "./world.mjs";

before(() => Forum.build());

const SCRIPT = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'\`{{1}}&lt;\u202E`;
const MESSAGE = SCRIPT.repeat(10).slice(0, 280);
const NAME = `<b onmouseover=alert(1)>Tim</b>`;

/** Fails the test if anything on the page runs that somebody wrote. */
function guard(visit) {
  visit.page.on("dialog", (dialog) => {
    visit.problems.push(`a dialog said ${dialog.message()}`);
    dialog.dismiss();
  });
  return visit;
}

async function assertOnlyText(visit) {
  const made = await visit.page
    .locator("img[onerror], b[onmouseover], .topic-post script")
    .count();
  assert.equal(made, 0, "nothing that was written became an element");
  await visit.end();
}

test("markup in messages and names is shown as it was written, to everybody who sees it", () =>
  inWorld(
    async ({ server, visit }) => {
      const reader = guard(await visit("reader", TOPIC));
      const topic = new Topic(guard(await visit("tipper", TOPIC)));
      await topic.open(1);
      await topic.create("7", { message: MESSAGE });
      await server.simulate("pay", { invoice: await topic.invoice() });
      await topic.settled();
      await topic.button("Close").last().click();
      await topic.button("Show all").click();
      await topic.post(1).getByText(MESSAGE.trim()).waitFor();
      await topic.visit.look("hostile-message");
      await assertOnlyText(topic.visit);

      await new Topic(reader).post(1).getByText("7 CKB").waitFor();
      await reader.page.getByRole("button", { name: "Show all" }).click();
      await reader.page.getByText("7 CKB").nth(1).waitFor();
      assert.equal(
        await reader.page.getByText("alert(1)").count(),
        0,
        "the message is not for readers"
      );
      await assertOnlyText(reader);

      const author = guard(await visit("author", "/u/author/fiber-link"));
      await author.page.getByText(MESSAGE.trim()).waitFor();
      await author.page.getByRole("button", { name: "Notifications" }).click();
      await author.page.getByText("tipped 7 CKB").waitFor();
      await author.look("hostile-message");
      await assertOnlyText(author);
    },
    { forum: { STAND_IN_NAMES: JSON.stringify({ tipper: NAME }) } }
  ));

const ASSETS = {
  assets: [
    {
      asset: "CKB",
      decimals: 8,
      tips: true,
      tipMinimum: null,
      tipMaximum: null,
      withdrawals: true,
      withdrawalMinimum: null,
      withdrawalMaximum: null,
    },
  ],
};

/** A server that answers `tip.create` as `broken` does, and everything else like a sound one. */
async function brokenServer(broken) {
  const results = {
    "asset.list": ASSETS,
    "event.list": { items: [], nextCursor: null },
    "health.ping": { status: "ok" },
  };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) {
      body += chunk;
    }
    const { id, method } = JSON.parse(body);
    const answer = (result) => JSON.stringify({ jsonrpc: "2.0", id, result });
    if (method === "tip.create") {
      return broken(response, answer);
    }
    response.setHeader("content-type", "application/json");
    return response.end(answer(results[method] ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    app: "forum",
    secret: "s".repeat(64),
    stop() {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

function tipWith(invoice) {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const tipId = "0199f2a4-0000-7000-8000-000000000001";
  return (response, answer) =>
    response.end(
      answer({ invoice, tipId, paymentHash: `0x${"1".repeat(64)}`, expiresAt })
    );
}

const BROKEN = {
  "an invoice of markup": tipWith(`"><script>alert(1)</script>`),
  "an invoice that is a script's address": tipWith(
    ["javascript", "alert(1)"].join(":")
  ),
  "an invoice that is a number": tipWith(17),
  "an answer of 5 MB": tipWith("f".repeat(5 * 1024 * 1024)),
  "a redirect": (response) =>
    response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
  "nothing, for ever": () => {},
  "a page": (response) => response.end("<h1>It works!</h1>"),
};

for (const [what, broken] of Object.entries(BROKEN)) {
  test(`a server that answers with ${what} gets a clear error`, async () => {
    const upstream = await brokenServer(broken);
    const settings = {
      STAND_IN_SETTINGS: JSON.stringify({ fiber_link_timeout_seconds: 2 }),
    };
    await inWorld(
      async ({ visit }) => {
        const topic = new Topic(guard(await visit("tipper", TOPIC)));
        await topic.open(1);
        await topic.create("10");
        await topic
          .heading(
            /The tipping service does not answer|The invoice cannot be paid/
          )
          .waitFor({ timeout: 20_000 });
        await topic.visit.look(what.replaceAll(/\W+/g, "-"));
        assert.equal(
          await topic.page.locator("a[href^='javascript']").count(),
          0
        );
        await assertOnlyText(topic.visit);
      },
      { upstream, forum: settings }
    );
  });
}
