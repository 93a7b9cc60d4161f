// The whole way of a tip, at both widths, in light and dark.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit, launch, widths } from "./browser.js";
import { Demo } from "./demo.js";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const width of Object.keys(widths)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`a tip is paid, settles without a reload and is withdrawn, on a ${width} in ${colorScheme}`, async (t) => {
      const demo = await Demo.start();
      t.after(() => demo.stop());
      const visit = await Visit.begin(browser, demo, { width, colorScheme });
      await tipAndPay(visit);
      await withdraw(visit);
      await visit.end();
      await demo.restart();
      await comeBack(demo);
    });
  }
}

async function tipAndPay(visit) {
  const { page } = visit;
  await page.getByText("Be the first to say thanks").waitFor();
  await visit.look("post");
  await page.getByRole("button", { name: "Tip Mira" }).click();
  const panel = page.getByRole("dialog");
  await panel.getByRole("button", { name: "25 CKB" }).click();
  assert.equal(await panel.getByLabel("Amount", { exact: true }).inputValue(), "25");
  await panel.getByLabel("Amount", { exact: true }).fill("61");
  await panel.getByLabel("A word to Mira").fill("Saved my tomatoes, thank you!");
  await visit.look("tip");

  const navigations = visit.navigations;
  await panel.getByRole("button", { name: "Create the invoice" }).click();
  await panel.getByRole("heading", { name: "Invoice", exact: true }).waitFor();
  const invoice = await panel.locator("#invoice-text").textContent();
  assert.match(invoice, /^fibd61000000001[02-9ac-hj-np-z]+$/, "61 CKB are 6 100 000 000 shannon");
  await panel.getByText("UNPAID", { exact: true }).waitFor();
  assert.match(await panel.getByRole("timer").innerText(), /^(1:00:00|59:[0-5]\d)$/);
  await visit.look("invoice");
  assert.equal((await visit.readQr())?.toLowerCase(), invoice);

  await panel.getByRole("button", { name: "Pay as a wallet" }).click();
  await panel.getByText("SETTLED", { exact: true }).waitFor();
  await panel.getByText("Mira has 61 CKB more").waitFor();
  assert.deepEqual(await panel.getByRole("listitem").locator("strong").allInnerTexts(),
    ["Invoice created", "Paid", "Credited once"]);
  await page.getByText("1 tip", { exact: true }).waitFor();
  assert.match(await page.getByRole("status").textContent(), /^Settled: 61 CKB/);
  await visit.look("settled");
  assert.equal(visit.navigations, navigations, "the page was never loaded again");
  await panel.getByRole("link", { name: "See it as Mira" }).click();
}

async function withdraw(visit) {
  const { page } = visit;
  await page.getByText("SETTLED", { exact: true }).waitFor();
  assert.deepEqual(await visit.figures("Available", "Reserved", "Pending"),
    { Available: "61 CKB", Reserved: "0 CKB", Pending: "0 CKB" });
  await visit.look("creator");

  await page.getByLabel("Amount", { exact: true }).fill("25");
  await page.getByRole("button", { name: "Make an invoice in my wallet" }).click();
  await page.getByText("Reserved until it is paid").waitFor();
  assert.match(await page.getByLabel("Invoice to be paid").inputValue(), /^fibd25000000001/);
  assert.deepEqual(await visit.figures("Your wallet receives", "Network fee, at most", "Reserved until it is paid"), {
    "Your wallet receives": "25 CKB",
    "Network fee, at most": "0.25 CKB",
    "Reserved until it is paid": "25.25 CKB",
  });
  await visit.look("quote");

  const navigations = visit.navigations;
  await page.getByRole("button", { name: "Withdraw", exact: true }).click();
  await page.getByText("COMPLETED", { exact: true }).waitFor();
  await page.getByText("25 CKB arrived. The way cost 0.025 CKB; 0.225 CKB of the fee came back.").waitFor();
  assert.equal(visit.navigations, navigations, "the page was never loaded again");
  await visit.look("completed");
  await checkBalance(visit);
}

async function comeBack(demo) {
  const again = await Visit.begin(browser, demo);
  await again.page.getByRole("link", { name: "Creator" }).click();
  await again.page.getByText("COMPLETED", { exact: true }).waitFor();
  await checkBalance(again);
  await again.end();
}

async function checkBalance(visit) {
  assert.deepEqual(await visit.figures("Available", "Reserved", "Pending"),
    { Available: "35.975 CKB", Reserved: "0 CKB", Pending: "0 CKB" });
  assert.deepEqual(await visit.ledger(), [
    ["Tip credited", "+61", ""],
    ["Withdrawal reserved", "−25.25", "+25.25"],
    ["Paid out, with fee", "", "−25.025"],
    ["Unused fee returned", "+0.225", "−0.225"],
    ["Balance", "35.975", "0"],
  ]);
}
