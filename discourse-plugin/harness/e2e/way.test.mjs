// The whole way of a tip, with nothing faked but Discourse itself: from the browser through the
// plugin, the forum and signed requests to the server, and out again to a creator's wallet.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Forum } from "./forum.mjs";
import { launch } from "./pages.mjs";
import { Server } from "./server.mjs";

const TOPIC = "/t/how-the-fiber-network-settles/1";

let browser;

before(async () => {
  if (!process.env.NOBUILD) await Forum.build();
  browser = await launch();
});

after(() => browser?.close());

async function tip(visit, server) {
  const { page } = visit;
  await page.locator("#post_1").getByRole("button", { name: "Tip this post" }).click();
  await page.getByRole("button", { name: "50", exact: true }).waitFor();
  await visit.look("form");
  await page.getByRole("button", { name: "50", exact: true }).click();
  await page.getByLabel("Message (optional)").fill("Well said");
  await page.getByRole("button", { name: "Create invoice" }).click();
  await page.getByRole("heading", { name: "Waiting for the payment" }).waitFor();
  await visit.look("invoice");

  const invoice = await page.getByLabel("Invoice", { exact: true }).inputValue();
  assert.equal((await visit.readQr()).toLowerCase(), invoice);
  const wallet = page.getByRole("link", { name: "Open in wallet" });
  assert.equal(await wallet.getAttribute("href"), `fiber:${invoice}`);

  await server.simulate("pay", { invoice });
  await page.getByRole("heading", { name: "Thank you, the tip has arrived" }).waitFor();
  await visit.look("settled");
}

async function withdraw(visit, server) {
  const { page } = visit;
  await page.getByText("Well said").waitFor();
  await visit.look("wallet");
  await page.getByRole("button", { name: "Withdraw" }).first().click();
  const { invoice } = await server.simulate("invoice", { asset: "CKB", amount: "40" });
  await page.getByLabel("Invoice to pay").fill(invoice);
  await page.getByText("You receive").waitFor();
  await visit.look("quote");
  await page.locator(".fiber-link-withdrawal-form__send").click();
  await page.getByText("The invoice is paid.").waitFor({ timeout: 60_000 });
  await visit.look("paid");
}

for (const width of ["phone", "desk"]) {
  for (const colorScheme of ["light", "dark"]) {
    test(`a post is tipped, read live and paid out, at ${width} width, ${colorScheme}`, async () => {
      const server = await Server.start();
      const forum = await Forum.start(server);
      try {
        const options = { width, colorScheme };
        const reader = await forum.visit(browser, "reader", TOPIC, options);
        const { navigations } = reader;
        const tipper = await forum.visit(browser, "tipper", TOPIC, options);
        await tipper.look("topic");
        await tip(tipper, server);
        await tipper.end();

        await reader.page.locator("#post_1").getByText("50 CKB").waitFor();
        await reader.look("totals");
        assert.equal(reader.navigations, navigations, "the reader's page was never loaded again");
        await reader.end();

        const author = await forum.visit(browser, "author", "/u/author/fiber-link", options);
        await withdraw(author, server);
        await author.end();
        const paid = (await server.payments()).map(({ amount, timesPaid }) => [amount, timesPaid]);
        assert.deepEqual(paid, [["4000000000", 1]]);
      } finally {
        await forum.stop();
        await server.stop();
      }
    });
  }
}
