// The creator's page with real keys in a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import KeyPages, { nameOfFocused } from "./key-pages.mjs";
import { pageScenes } from "./page-scenes.mjs";

const pages = new KeyPages();
let page;

const focused = () => nameOfFocused(page);

async function open(scene) {
  page = await pages.open(scene, scene.url);
  await page.waitForSelector(scene.ready);
}

async function tab() {
  await page.keyboard.press("Tab");
  return focused();
}

before(() => pages.start());

after(() => pages.stop());

test("a withdrawal is opened, written and sent, and one goes on at the list", async () => {
  await open(pageScenes.wallet);
  await page.focus(".fiber-link-withdrawals__toggle");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".fiber-link-withdrawal-form");

  assert.equal(await tab(), "Asset");
  assert.equal(await tab(), "Invoice or CKB address");
  await page.keyboard.type("fibt1invoice");
  await page.waitForSelector(".fiber-link-withdrawal-form__send:enabled");
  assert.equal(await tab(), "Amount");
  assert.equal(await tab(), "Withdraw");
  const [request] = await Promise.all([
    page.waitForRequest("**/fiber-link/withdrawals.json"),
    page.keyboard.press("Enter"),
  ]);
  await page.waitForSelector(".fiber-link-withdrawal-form", {
    state: "detached",
  });

  assert.equal(
    new URLSearchParams(request.postData()).get("destination"),
    "fibt1invoice"
  );
  assert.equal(await focused(), "Withdrawals");
});

test("a switch is thrown with the space bar", async () => {
  await open(pageScenes.preferences);
  const notified = "[data-setting-name='notified'] [role='switch']";
  await page.focus(notified);
  await page.keyboard.press("Space");
  await page.waitForSelector(`${notified}[aria-checked='false']`);

  assert.equal(await focused(), "Notify me about tips");
});

test("the lists of tips are switched with Enter", async () => {
  await open(pageScenes.wallet);
  await page.focus("[data-choice='received']");
  assert.equal(await tab(), "Given");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".fiber-link-history-tip.--given");

  assert.equal(await focused(), "Given");
});
