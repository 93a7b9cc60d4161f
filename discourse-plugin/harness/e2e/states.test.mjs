// What else can become of a tip, and who sees what of it.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Forum } from "./forum.mjs";
import { inWorld, LOOKS, TOPIC, Topic } from "./world.mjs";

before(() => Forum.build());

const SHORT = { FIBER_LINK_INVOICE_EXPIRY: "60s" };

test("an invoice that runs out says so, a late payment arrives, and a new invoice is a step away", () =>
  inWorld(
    async ({ server, visit }) => {
      // Each window has a tip of its own.
      const places = [
        ["tipper", 1],
        ["tipper", 2],
        ["tipper", 3],
        ["reader", 1],
      ];
      const expire = async (look, [username, post]) => {
        const topic = new Topic(await visit(username, TOPIC, look));
        await topic.open(post);
        await topic.page.clock.install();
        await topic.create("10");
        const invoice = await topic.invoice();
        await topic.page.clock.fastForward("01:01");
        await topic.heading("The time to pay is up").waitFor();
        await topic.visit.look("time-is-up");
        await server.simulate("expire", { invoice });
        return { topic, invoice };
      };
      const expired = [];
      for (const [index, look] of LOOKS.entries()) {
        expired.push(await expire(look, places[index]));
      }
      await new Promise((later) => setTimeout(later, 62_000));
      for (const { topic } of expired) {
        await topic.page.clock.fastForward("03:00");
        await topic
          .heading("The invoice has expired")
          .waitFor({ timeout: 30_000 });
        await topic.visit.look("expired");
      }
      const [first, second, ...others] = expired;
      await server.simulate("pay", { invoice: first.invoice, late: true });
      await first.topic.settled();
      await first.topic.visit.look("settled-late");

      await second.topic.page.clock.setSystemTime(new Date());
      await second.topic.button("New invoice").click();
      assert.notEqual(await second.topic.invoice(), second.invoice);
      for (const { topic } of [first, second, ...others]) {
        await topic.visit.end();
      }
    },
    // No window asks any more by then, so it is the forum's own job that hears of the late payment.
    { server: SHORT, forum: { STAND_IN_SCHEDULE_SECONDS: "3" } }
  ));

test("a server that is away is said to be, and a repeat makes one tip", () =>
  inWorld(
    async ({ server, forum, visit }) => {
      for (const look of LOOKS) {
        const topic = new Topic(await visit("tipper", TOPIC, look));
        await topic.open(1);
        await server.pause();
        await topic.create("10");
        await topic
          .heading("The tipping service does not answer")
          .waitFor({ timeout: 30_000 });
        await topic.visit.look("service-down");
        await server.resume();
        await topic.button("Try again").click();
        const invoice = await topic.invoice();
        await server.simulate("pay", { invoice });
        await topic.settled();
        await topic.visit.end();
      }
      const { tips } = await forum.read(
        "tipper",
        "/fiber-link/wallet/tips.json?direction=given"
      );
      assert.deepEqual(
        tips.map(({ state }) => state),
        LOOKS.map(() => "settled")
      );
    },
    { forum: { STAND_IN_NO_RATE_LIMITS: "1" } }
  ));

test("a window that is closed and opened again finds its tip", () =>
  inWorld(async ({ server, visit }) => {
    const topic = new Topic(await visit("tipper", TOPIC));
    await topic.open(1);
    await topic.create("10");
    const invoice = await topic.invoice();
    await topic.page.keyboard.press("Escape");
    await topic.heading("Tip @author").waitFor({ state: "hidden" });
    await topic.tipButton(1).click();
    assert.equal(await topic.invoice(), invoice);
    await topic.page.reload();
    await topic.tipButton(1).click();
    assert.equal(await topic.invoice(), invoice);
    await server.simulate("pay", { invoice });
    await topic.settled();
    await topic.visit.end();
  }));

test("nobody tips himself, and a visitor is asked to log in", () =>
  inWorld(async ({ visit }) => {
    const own = new Topic(await visit("author", TOPIC));
    await own.tipButton(2).waitFor();
    assert.equal(await own.tipButton(1).count(), 0);
    await own.visit.end();

    const visitor = await visit(null, TOPIC);
    await visitor.look("topic");
    await visitor.page
      .locator("#post_1")
      .getByRole("button", { name: "Log in to tip this post" })
      .click();
    await visitor.page.getByLabel("Username").waitFor();
    await visitor.end();
  }));

test("who tips anonymously is told to nobody, and both sides see what they gave and got", () =>
  inWorld(async ({ server, forum, visit }) => {
    const topic = new Topic(await visit("tipper", TOPIC));
    await topic.open(1);
    await topic.create("5", { message: "From nobody", anonymous: true });
    await server.simulate("pay", { invoice: await topic.invoice() });
    await topic.settled();
    await topic.visit.end();

    for (const look of LOOKS) {
      const author = await visit("author", "/u/author/fiber-link", look);
      await author.page.getByText("From nobody").waitFor();
      assert.equal(await author.page.getByText("tipper").count(), 0);
      await author.look("anonymous");
      await author.page.getByRole("button", { name: "Notifications" }).click();
      await author.page.getByText("tipped 5 CKB").waitFor();
      await author.look("notification");
      await author.end();
    }
    for (const path of [
      `${TOPIC}.json`,
      "/fiber-link/posts/1/tips.json",
      "/fiber-link/wallet/tips.json?direction=received",
      "/notifications.json",
      "/fiber-link/leaderboard.json?period=all",
    ]) {
      assert.doesNotMatch(
        JSON.stringify(await forum.read("author", path)),
        /tipper"|Tim Tipper/,
        path
      );
    }
    const giver = await visit("tipper", "/u/tipper/fiber-link");
    await giver.page.getByRole("button", { name: "Given" }).click();
    await giver.page.getByText("You tipped anonymously").waitFor();
    await giver.look("given");
    await giver.end();
  }));

test("the leaderboard shows who agreed, and an administrator sees how both sides stand", () =>
  inWorld(async ({ server, visit }) => {
    const topic = new Topic(await visit("tipper", TOPIC));
    await topic.open(1);
    await topic.create("12.5");
    await server.simulate("pay", { invoice: await topic.invoice() });
    await topic.settled();
    await topic.visit.end();

    const author = await visit("author", "/u/author/fiber-link");
    const shown = author.page.getByRole("switch", {
      name: "Show me on the leaderboard",
    });
    await shown.click();
    await author.page
      .locator("[role=switch][aria-checked=true]")
      .nth(2)
      .waitFor();
    await author.end();

    for (const look of LOOKS) {
      const board = await visit("reader", "/fiber-link/leaderboard", look);
      await board.page.getByText("12.5 CKB").first().waitFor();
      await board.page.getByRole("link", { name: "author" }).first().waitFor();
      assert.equal(
        await board.page.getByRole("link", { name: "tipper" }).count(),
        0
      );
      await board.look("leaderboard");
      await board.end();

      const admin = await visit(
        "admin",
        "/admin/plugins/fiber-link/overview",
        look
      );
      await admin.page.getByText("The Fiber Link service answers.").waitFor();
      await admin.look("overview");
      await admin.end();
    }
  }));
