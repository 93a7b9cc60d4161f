// The whole way of a tip, with nothing faked but Discourse itself: from the browser through the
// plugin, the forum and signed requests to the server, and out again to a creator's wallet.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Forum } from "./forum.mjs";
import { launch } from "./pages.mjs";
import { Server } from "./server.mjs";

let server;
let forum;
let browser;

before(async () => {
  server = await Server.start();
  forum = await Forum.start(server);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await forum?.stop();
  await server?.stop();
});

for (const width of ["phone", "desk"]) {
  for (const colorScheme of ["light", "dark"]) {
    test(`a post is tipped, read live and paid out, at ${width} width, ${colorScheme}`, async () => {
      const { topic, ann, ben, cas } = await forum.newTopic();
      const look = { width, colorScheme };
      const payer = await forum.visit(browser, ann, topic.path, look);
      const reader = await forum.visit(browser, cas, topic.path, look);

      await payer.look("topic");
      await payer.openModal(topic.post);
      await payer.look("form");
      await payer.page.getByRole("button", { name: "50", exact: true }).click();
      await payer.page.getByLabel("Message (optional)").fill("Well said");
      await payer.page.getByRole("button", { name: "Create invoice" }).click();
      await payer.page.getByText("Waiting for the payment").waitFor();
      await payer.look("invoice");

      const invoice = await payer.page.getByLabel("Invoice", { exact: true }).inputValue();
      assert.equal((await payer.readQr()).toLowerCase(), invoice);
      assert.equal(
        await payer.page.getByRole("link", { name: "Open in wallet" }).getAttribute("href"),
        `fiber:${invoice}`,
      );

      await server.simulate("pay", { invoice });
      await payer.page.getByText("Thank you, the tip has arrived").waitFor();
      await payer.look("settled");
      const total = reader.page.locator(`[data-post-id="${topic.post}"]`).getByText("50 CKB");
      await total.waitFor();
      assert.equal(reader.navigations, 1, "the reader's page was never loaded again");
      await reader.look("totals");
      await payer.end();
      await reader.end();

      const creator = await forum.visit(browser, ben, `/u/${ben}/fiber-link`, look);
      await creator.page.getByText("Well said").waitFor();
      await creator.look("wallet");
      await creator.page.getByRole("button", { name: "Withdraw" }).click();
      const { invoice: wanted } = await server.simulate("invoice", { asset: "CKB", amount: "40" });
      await creator.page.getByLabel("Invoice to pay").fill(wanted);
      await creator.page.getByText("You receive").waitFor();
      await creator.look("quote");
      await creator.page.getByRole("button", { name: "Withdraw", exact: true }).last().click();
      await creator.page.getByText("The invoice is paid.").waitFor({ timeout: 30_000 });
      await creator.look("paid");
      await creator.end();

      const paid = await server.paymentOf(wanted);
      assert.equal(paid.timesPaid, 1);
      assert.equal(paid.amount, "4000000000");
    });
  }
}
