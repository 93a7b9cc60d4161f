// The tip modal with real keys in a real browser: what QUnit's events cannot show.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { launch, serve } from "./browser.mjs";
import { buildPage } from "./build.mjs";
import { played, scenes } from "./scenes.mjs";

const BUTTON = "#post_2 .post-action-menu__fiber-link-tip";

let browser;
let server;
let page;

function focused() {
  return page.evaluate(() => {
    const element = document.activeElement;
    return (
      element.labels?.[0]?.textContent.trim() ||
      element.getAttribute("aria-label") ||
      element.textContent.trim()
    );
  });
}

async function pressed(key, times) {
  const names = [];
  for (let time = 0; time < times; time++) {
    await page.keyboard.press(key);
    names.push(await focused());
  }
  return names;
}

async function openTopic(scene) {
  server?.close();
  server = await serve(path.join(import.meta.dirname, "out"), played(scene));
  page = await browser.newPage();
  await page.goto(`${server.url}/t/a-topic/1`);
  await page.focus(BUTTON);
}

before(async () => {
  if (!process.argv.includes("--no-build")) {
    await buildPage("forum");
  }
  browser = await launch();
});

after(async () => {
  await browser.close();
  server.close();
});

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
