// What the server keeps for an account that was merged into another.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Forum } from "./forum.mjs";
import { inWorld, LOOKS, TOPIC, Topic } from "./world.mjs";

before(() => Forum.build());

async function untilTold(forum) {
  for (let look = 0; look < 60; look++) {
    const { notifications } = await forum.read("reader", "/notifications.json");
    if (notifications.some(({ data }) => data.kind === "completed")) {
      return;
    }
    await new Promise((later) => setTimeout(later, 1_000));
  }
  throw new Error("nobody was told in a minute");
}

test("what a merged account has is seen and withdrawn by who has the other one", () =>
  inWorld(
    async ({ server, forum, visit }) => {
      const topic = new Topic(await visit("tipper", TOPIC));
      await topic.open(1);
      await topic.create("50");
      await server.simulate("pay", { invoice: await topic.invoice() });
      await topic.settled();
      await topic.visit.end();

      const merged = await forum.merge("author", "reader");
      const path = `/fiber-link/wallet.json?account=${merged}`;
      assert.equal((await forum.read("reader", path)).balances.length, 1);
      assert.equal((await forum.read("tipper", path)).error_type, "not_found");

      const places = [];
      for (const look of LOOKS) {
        const reader = await visit("reader", "/u/reader/fiber-link", look);
        const place = reader.page.locator(".fiber-link-former-account");
        await place
          .getByRole("heading", { name: "Merged account author", exact: true })
          .waitFor();
        await place.getByText("50 CKB").waitFor();
        await reader.look("merged");
        places.push({ reader, place });
      }

      const [{ reader, place }] = places;
      const { invoice } = await server.simulate("invoice", {
        asset: "CKB",
        amount: "40",
      });
      await place.getByRole("button", { name: "Withdraw" }).click();
      await place.getByLabel("Invoice or CKB address").fill(invoice);
      await place.getByText("Taken from your balance, at most").waitFor();
      await place.locator(".fiber-link-withdrawal-form__send").click();
      await place
        .getByText("The invoice is paid.")
        .waitFor({ timeout: 60_000 });
      await reader.look("merged-paid");
      const paid = (await server.payments()).map(({ amount, timesPaid }) => [
        amount,
        timesPaid,
      ]);
      assert.deepEqual(paid, [["4000000000", 1]]);

      // By the forum's own job: nobody waits for a tip.
      await untilTold(forum);
      await reader.page.getByRole("button", { name: "Notifications" }).click();
      await reader.page.getByText("Withdrawal paid").waitFor();
      for (const one of places) {
        await one.reader.end();
      }
    },
    { forum: { STAND_IN_SCHEDULE_SECONDS: "3" } }
  ));
