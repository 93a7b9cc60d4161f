// The whole way of a tip, with nothing faked but Discourse itself: from the browser through the
// plugin, the forum and signed requests to the server, and out again to a creator's wallet.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Forum } from "./forum.mjs";
import { inWorld, LOOKS, TOPIC, Topic } from "./world.mjs";

before(() => Forum.build());

async function tip(visit, server) {
  const topic = new Topic(visit);
  await visit.look("topic");
  await topic.open(1);
  await visit.look("form");
  await topic.button("50").click();
  await topic.create("50", { message: "Well said" });
  const invoice = await topic.invoice();
  await visit.look("invoice");
  assert.equal((await visit.readQr()).toLowerCase(), invoice);
  const wallet = topic.page.getByRole("link", { name: "Open in wallet" });
  assert.equal(await wallet.getAttribute("href"), `fiber:${invoice}`);

  await server.simulate("pay", { invoice });
  await topic.settled();
  await visit.look("settled");
}

async function withdraw(visit, server) {
  const { page } = visit;
  await page.getByText("Well said").waitFor();
  await visit.look("wallet");
  await page.getByRole("button", { name: "Withdraw" }).first().click();
  const { invoice } = await server.simulate("invoice", {
    asset: "CKB",
    amount: "40",
  });
  await page.getByLabel("Invoice or CKB address").fill(invoice);
  await page.getByText("Taken from your balance, at most").waitFor();
  await visit.look("quote");
  await page.locator(".fiber-link-withdrawal-form__send").click();
  await page.getByText("The invoice is paid.").waitFor({ timeout: 60_000 });
  await visit.look("paid");
}

for (const look of LOOKS) {
  test(`a post is tipped, read live and paid out: ${look.width}, ${look.colorScheme}`, () =>
    inWorld(async ({ server, visit }) => {
      const reader = await visit("reader", TOPIC, look);
      const { navigations } = reader;
      const tipper = await visit("tipper", TOPIC, look);
      await tip(tipper, server);
      await tipper.end();

      await new Topic(reader).post(1).getByText("50 CKB").waitFor();
      await reader.look("totals");
      assert.equal(
        reader.navigations,
        navigations,
        "the reader's page was never loaded again"
      );
      await reader.end();

      const author = await visit("author", "/u/author/fiber-link", look);
      await withdraw(author, server);
      await author.end();
      const paid = (await server.payments()).map(({ amount, timesPaid }) => [
        amount,
        timesPaid,
      ]);
      assert.deepEqual(paid, [["4000000000", 1]]);
    }));
}
