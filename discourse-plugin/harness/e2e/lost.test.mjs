// Answers that are lost on their way: what was asked may have been done, and is never done twice.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Forum } from "./forum.mjs";
import { Server } from "./server.mjs";
import { Wire } from "./wire.mjs";
import { inWorld, LOOKS, TOPIC, Topic } from "./world.mjs";

before(() => Forum.build());

async function give(server, visit, amount) {
  const topic = new Topic(await visit("tipper", TOPIC));
  await topic.open(1);
  await topic.create(amount);
  await server.simulate("pay", { invoice: await topic.invoice() });
  await topic.settled();
  await topic.visit.end();
}

async function withServer(story) {
  const server = await Server.start();
  const wire = await Wire.before(server);
  await inWorld((world) => story({ ...world, server, wire }), {
    upstream: wire,
    forum: { STAND_IN_NO_RATE_LIMITS: "1" },
  });
}

test("a tip whose answer is lost is one tip after the repeat", () =>
  withServer(async ({ server, forum, wire, visit }) => {
    const topic = new Topic(await visit("tipper", TOPIC));
    await topic.open(1);
    const lost = wire.lose("tip.create", 2);
    await topic.create("10");
    const again = topic.button("Try again");
    await again.click();
    // A second click on the same button would be none.
    await lost;
    await again.click();
    await server.simulate("pay", { invoice: await topic.invoice() });
    await topic.settled();
    await topic.visit.end();
    const listed = await server.command("list", "tips", "--format", "jsonl");
    assert.equal(listed.trim().split("\n").length, 1);
    const path = "/fiber-link/wallet/tips.json?direction=given";
    assert.equal((await forum.read("tipper", path)).tips.length, 1);
  }));

test("a withdrawal whose answer is lost is paid once, also when its form is closed and opened again", () =>
  withServer(async ({ server, forum, wire, visit }) => {
    await give(server, visit, "90");
    for (const [index, look] of LOOKS.entries()) {
      const author = await visit("author", "/u/author/fiber-link", look);
      const { page } = author;
      const send = page.locator(".fiber-link-withdrawal-form__send");
      await page.getByRole("button", { name: "Withdraw" }).first().click();
      const { invoice } = await server.simulate("invoice", {
        asset: "CKB",
        amount: "20",
      });
      const fill = async () => {
        await page
          .locator(".fiber-link-withdrawal-form__destination")
          .fill(invoice);
        await page.getByText("Taken from your balance, at most").waitFor();
      };
      await fill();
      wire.lose("withdrawal.request");
      await send.click();
      await page.getByText("It is safe to press the button again").waitFor();
      await author.look("withdrawal-unclear");
      if (index % 2) {
        await page.getByRole("button", { name: "Close the form" }).click();
        await page.getByRole("button", { name: "Withdraw" }).first().click();
      }
      await send.click();
      await page
        .getByText("The invoice is paid.")
        .nth(index)
        .waitFor({ timeout: 60_000 });
      await author.end();
    }
    const { withdrawals } = await forum.read(
      "author",
      "/fiber-link/withdrawals.json"
    );
    assert.deepEqual(
      withdrawals.map(({ state }) => state),
      LOOKS.map(() => "completed")
    );
    const paid = (await server.payments()).map(({ timesPaid }) => timesPaid);
    assert.deepEqual(
      paid,
      LOOKS.map(() => 1)
    );
  }));
