// The tip modal with real keys in a real browser: what QUnit's events cannot show.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import KeyPages, { nameOfFocused } from "./key-pages.mjs";
import { scenes } from "./scenes.mjs";

const BUTTON = "#post_2 .post-action-menu__fiber-link-tip";

const pages = new KeyPages();
let page;

const focused = () => nameOfFocused(page);

async function pressed(key, times) {
  const names = [];
  for (let time = 0; time < times; time++) {
    await page.keyboard.press(key);
    names.push(await focused());
  }
  return names;
}

async function openTopic(scene) {
  page = await pages.open(scene, "/t/a-topic/1");
  await page.focus(BUTTON);
}

before(() => pages.start());

after(() => pages.stop());

test("Tab stays in the modal and goes round", async () => {
  await openTopic(scenes.form);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".fiber-link-tip-form");

  assert.equal(await focused(), "10");
  assert.deepEqual(await pressed("Tab", 11), [
    "50",
    "100",
    "Amount in CKB",
    "Message (optional)",
    "Tip anonymously",
    "Create invoice",
    "Cancel",
    "close",
    "Asset",
    "10",
    "50",
  ]);
  assert.deepEqual(await pressed("Shift+Tab", 2), ["10", "Asset"]);
});

test("an amount is typed and sent by Enter, and the news is where the focus is", async () => {
  await openTopic(scenes.form);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".fiber-link-tip-form");
  await pressed("Tab", 3);
  await page.keyboard.press("Control+A");
  await page.keyboard.type("50");
  const [request] = await Promise.all([
    page.waitForRequest("**/fiber-link/tips.json"),
    page.keyboard.press("Enter"),
  ]);
  await page.waitForSelector(".fiber-link-tip-invoice");

  assert.equal(new URLSearchParams(request.postData()).get("amount"), "50");
  assert.equal(await focused(), "Waiting for the payment");
});

test("Enter on a button presses that button alone", async () => {
  await openTopic(scenes.form);
  let asked = 0;
  page.on("request", (request) => {
    asked += request.method() === "POST" && /tips\.json/.test(request.url());
  });
  await page.keyboard.press("Enter");
  await page.waitForSelector(".fiber-link-tip-form");
  assert.equal((await pressed("Tab", 7)).at(-1), "Cancel");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".d-modal", { state: "detached" });

  assert.equal(asked, 0);
});

test("Escape closes and leads back to the button", async () => {
  await openTopic(scenes.open);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".fiber-link-tip-invoice");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".d-modal", { state: "detached" });

  assert.ok(
    await page.evaluate(
      (button) => document.activeElement === document.querySelector(button),
      BUTTON
    )
  );
});
