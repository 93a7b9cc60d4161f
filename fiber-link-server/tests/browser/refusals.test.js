// What goes wrong is said where it went wrong, in the words of the API.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit, launch } from "./browser.js";
import { Demo } from "./demo.js";

let browser;
let demo;
before(async () => { [browser, demo] = [await launch(), await Demo.start()]; });
after(async () => { await browser.close(); await demo.stop(); });

const notDecimal = 'must be a decimal number such as "1.5"';
const badAmounts = [
  ["", notDecimal],
  ["1,5", notDecimal],
  ["-1", notDecimal],
  ["sixty-one", notDecimal],
  ["0.00", "must be greater than zero"],
  ["0.123456789", "must have at most 8 decimals for CKB, got 9"],
  ["9".repeat(40), "is above the largest amount of CKB"],
];

/** The message that belongs to a field, once there is one. */
async function messageAt(page, field) {
  await page.waitForFunction((input) => input.ariaInvalid === "true", await field.elementHandle());
  return field.evaluate((input) => document.getElementById(input.getAttribute("aria-describedby").split(" ")[0]).textContent);
}

async function makeInvoice(page, amount) {
  await page.getByRole("button", { name: "Tip Mira" }).click();
  await page.getByLabel("Amount", { exact: true }).fill(amount);
  await page.getByRole("button", { name: "Create the invoice" }).click();
  await page.getByText("UNPAID", { exact: true }).waitFor();
  return page.locator("#invoice-text").textContent();
}

async function openCreator(visit) {
  await visit.page.goto(`${demo.address}/creator`);
  await visit.page.getByText("SETTLED", { exact: true }).first().waitFor();
}

test("a tip with a bad amount is refused at its field", async () => {
  const visit = await Visit.begin(browser, demo);
  const { page } = visit;
  await page.getByRole("button", { name: "Tip Mira" }).click();
  const amount = page.getByLabel("Amount", { exact: true });
  for (const [text, message] of badAmounts) {
    await amount.fill(text);
    assert.equal(await amount.getAttribute("aria-invalid"), "false", "typing takes the message away");
    await page.getByRole("button", { name: "Create the invoice" }).click();
    assert.equal(await messageAt(page, amount), message, text);
    assert.ok(await amount.evaluate((input) => input === document.activeElement), text);
  }
  await visit.look("refused-amount");
  await amount.fill("10");
  const words = page.getByLabel("A word to Mira");
  await words.fill("x".repeat(281));
  await page.getByRole("button", { name: "Create the invoice" }).click();
  assert.equal(await messageAt(page, words), "the message must have at most 280 characters, got 281");
  await visit.end();
});

test("what people write is never read as HTML", async () => {
  const visit = await Visit.begin(browser, demo);
  const { page } = visit;
  const text = "<img src=x onerror=alert(1)> & <b>thanks</b>";
  await page.getByRole("button", { name: "Tip Mira" }).click();
  await page.getByLabel("Amount", { exact: true }).fill("61");
  await page.getByLabel("A word to Mira").fill(text);
  await page.getByRole("button", { name: "Create the invoice" }).click();
  await page.getByRole("button", { name: "Pay as a wallet" }).click();
  await page.getByText("SETTLED", { exact: true }).waitFor();
  await page.getByRole("listitem").getByText(text, { exact: true }).waitFor();
  await visit.end();
});

test("a withdrawal that cannot be paid is refused at the field that is wrong", async () => {
  const visit = await Visit.begin(browser, demo);
  const { page } = visit;
  const own = await makeInvoice(page, "20");
  await openCreator(visit);
  const [amount, invoice] = [page.getByLabel("Amount", { exact: true }), page.getByLabel("Invoice to be paid")];
  const ask = () => page.getByRole("button", { name: "Withdraw", exact: true }).click();
  for (const [text, message] of badAmounts) {
    await amount.fill(text);
    await ask();
    assert.equal(await messageAt(page, amount), message, text);
  }
  await amount.fill("1000");
  assert.equal(await messageAt(page, amount), "Amount exceeds your available balance.");

  await amount.fill("20");
  for (const [text, message] of [
    ["", "payment request is not a Fiber invoice"],
    ["fibd1nonsense", "payment request is not a Fiber invoice"],
    [own, "payment request was issued by this service itself"],
  ]) {
    await invoice.fill(text);
    await ask();
    assert.equal(await messageAt(page, invoice), message, text);
  }
  const { invoice: other } = await demo.simulate("invoice", { asset: "CKB", amount: "21" });
  await invoice.fill(other);
  assert.equal(await messageAt(page, invoice), "payment request asks for 21, but the withdrawal is 20");
  await visit.look("refused-invoice");
  await page.getByRole("button", { name: "Max, as much as possible" }).click();
  assert.equal(await amount.inputValue(), "60.3960396", "with its fee of one per cent this is all");
  assert.deepEqual(await visit.figures("Available", "Reserved", "Pending"),
    { Available: "61 CKB", Reserved: "0 CKB", Pending: "20 CKB" });
  await visit.end();
});

test("a withdrawal stays reserved until the node knows how it ended", async () => {
  const visit = await Visit.begin(browser, demo);
  const { page } = visit;
  await openCreator(visit);
  const { invoice } = await demo.simulate("invoice", { asset: "CKB", amount: "20" });
  await demo.simulate("outcome", { invoice, outcome: "hang" });
  await page.getByLabel("Amount", { exact: true }).fill("20");
  await page.getByLabel("Invoice to be paid").fill(invoice);
  await page.getByText("Reserved until it is paid").waitFor();
  await page.getByRole("button", { name: "Withdraw", exact: true }).click();
  await page.getByText("PROCESSING", { exact: true }).waitFor();
  assert.deepEqual(await visit.figures("Available", "Reserved"), { Available: "40.8 CKB", Reserved: "20.2 CKB" });
  await visit.look("processing");
  await demo.simulate("outcome", { invoice, outcome: "success" });
  await page.getByText("COMPLETED", { exact: true }).waitFor();
  assert.deepEqual(await visit.figures("Available", "Reserved"), { Available: "40.98 CKB", Reserved: "0 CKB" });
  await visit.end();
});

test("an invoice that ends is shown as failed, and a late payment is credited all the same", async () => {
  const visit = await Visit.begin(browser, demo, { width: "phone" });
  const { page } = visit;
  const invoice = await makeInvoice(page, "5");
  await demo.simulate("expire", { invoice });
  await page.getByText("FAILED", { exact: true }).waitFor();
  await visit.look("failed");
  await page.goto(`${demo.address}/creator`);
  await page.getByText("FAILED", { exact: true }).waitFor();
  const before = Number.parseFloat(await visit.figure("Available"));
  await demo.simulate("pay", { invoice, late: true });
  await page.getByText("FAILED", { exact: true }).waitFor({ state: "hidden" });
  assert.equal(Number.parseFloat(await visit.figure("Available")), before + 5);
  await visit.end();
});
