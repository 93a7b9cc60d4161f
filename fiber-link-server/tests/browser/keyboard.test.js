// The whole way without a mouse, and what moves where.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Visit, launch } from "./browser.js";
import { Demo } from "./demo.js";

let browser;
let demo;
before(async () => { [browser, demo] = [await launch(), await Demo.start()]; });
after(async () => { await browser.close(); await demo.stop(); });

/** What has the focus, as a screen reader names it, and whether one sees that it has. */
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const label = element.labels?.[0]?.textContent ?? element.ariaLabel ?? element.textContent;
    const frame = element.closest(".amount-input") ?? element;
    return { name: label.replace(/\s+/g, " ").trim(), visible: getComputedStyle(frame).outlineStyle !== "none" };
  });
}

async function tabTo(page, name) {
  const passed = [];
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    assert.ok(now.visible || now.name === "", `one sees the focus on ${now.name}`);
    if (now.name === name) return;
    passed.push(now.name);
  }
  assert.fail(`${name} is not reached from ${passed.join(", ")}`);
}

async function focusMovesTo(page, name) {
  await page.waitForFunction((wanted) => document.activeElement.textContent.trim() === wanted, name);
}

test("the whole way works with the keyboard alone", async () => {
  const visit = await Visit.begin(browser, demo);
  const { page } = visit;
  await page.keyboard.press("Tab");
  assert.equal((await focused(page)).name, "Skip to the post");
  await page.keyboard.press("Enter");
  await tabTo(page, "Tip Mira");
  await page.keyboard.press("Enter");
  assert.equal((await focused(page)).name, "Amount");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("61");
  await page.keyboard.press("Enter");
  await focusMovesTo(page, "Invoice");
  await tabTo(page, "Pay as a wallet");
  await page.keyboard.press("Enter");
  await focusMovesTo(page, "Thank you");
  await tabTo(page, "See it as Mira");
  await page.keyboard.press("Enter");
  await page.getByText("SETTLED", { exact: true }).waitFor();

  await tabTo(page, "Amount");
  await page.keyboard.type("25");
  await tabTo(page, "Make an invoice in my wallet");
  await page.keyboard.press("Space");
  await page.getByText("Reserved until it is paid").waitFor();
  await tabTo(page, "Withdraw");
  await page.keyboard.press("Enter");
  await focusMovesTo(page, "Withdrawals");
  await page.getByText("COMPLETED", { exact: true }).waitFor();
  assert.equal(await page.getByRole("status").textContent(), "Withdrawal of 25 CKB: completed.");
  assert.equal(await visit.figure("Available"), "35.975 CKB");
  await visit.end();
});

for (const width of ["desk", "phone"]) {
  test(`escape closes the tip and gives the focus back, on a ${width}`, async () => {
    const visit = await Visit.begin(browser, demo, { width });
    const { page } = visit;
    const open = page.getByRole("button", { name: "Tip Mira" });
    await open.press("Enter");
    assert.equal(await open.getAttribute("aria-expanded"), "true");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    assert.equal((await focused(page)).name, "Tip Mira");
    assert.equal(await open.getAttribute("aria-expanded"), "false");
    await visit.end();
  });
}

test("nothing moves for people who asked for less motion", async () => {
  const visit = await Visit.begin(browser, demo, { reducedMotion: "reduce" });
  const { page } = visit;
  await page.getByRole("button", { name: "Tip Mira" }).click();
  await page.getByRole("button", { name: "Create the invoice" }).click();
  await page.getByText("UNPAID", { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  await visit.end();
});

test("an open tip keeps its place when the window changes its width", async () => {
  const visit = await Visit.begin(browser, demo);
  const { page } = visit;
  await page.getByRole("button", { name: "Tip Mira" }).click();
  await page.getByLabel("Amount", { exact: true }).fill("7");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForFunction(() => document.querySelector("dialog:modal"));
  assert.equal((await focused(page)).name, "Amount");
  assert.equal(await page.getByLabel("Amount", { exact: true }).inputValue(), "7");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.waitForFunction(() => document.querySelector("dialog[open]:not(:modal)"));
  await visit.end();
});
