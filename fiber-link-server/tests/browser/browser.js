// A browser, and how a page is looked at.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import jsQR from "jsqr";
import { chromium } from "playwright-core";
import { PNG } from "pngjs";
import { repository } from "./demo.js";

const artifacts = process.env.TEST_ARTIFACTS ?? join(repository, "test-artifacts");
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const widths = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
}

/**
 * A page of `site` at `width`, which fails its test when something on it goes wrong. Its pictures go
 * into `folder`; it begins at `path`, with `cookies`; `refusal` tells of answers that may be refusals.
 */
export class Visit {
  problems = [];
  navigations = 0;
  #steps = 0;

  static async begin(browser, site, options = {}) {
    const {
      width = "desk", colorScheme = "light", folder = "browser", path = "", cookies = [],
      refusal = /status of 422/, ...more
    } = options;
    const visit = new Visit();
    visit.name = `${width}-${colorScheme}`;
    visit.folder = join(artifacts, folder);
    visit.context = await browser.newContext({
      viewport: widths[width], colorScheme, deviceScaleFactor: width === "phone" ? 2 : 1, ...more,
    });
    await visit.context.addCookies(cookies.map((cookie) => ({ url: site.address, ...cookie })));
    const page = visit.page = await visit.context.newPage();
    // Longer than the slowest step of a page that asks by itself, on a machine that is busy.
    page.setDefaultTimeout(30_000);
    page.on("pageerror", (error) => visit.problems.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !refusal.test(message.text())) visit.problems.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(site.address)) visit.problems.push(`asked for ${request.url()}`);
    });
    page.on("framenavigated", () => { visit.navigations += 1; });
    await page.goto(site.address + path);
    return visit;
  }

  async end() {
    await this.context.close();
    assert.deepEqual(this.problems, []);
  }

  /** Lets animations end, keeps a picture, and checks that everybody can use what is shown. */
  async look(step) {
    const page = this.page;
    await page.evaluate(() => Promise.all(document.getAnimations()
      .filter((animation) => animation.effect.getTiming().iterations !== Infinity)
      .map((animation) => animation.finished.catch(() => {}))));
    await this.photograph(step);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    assert.deepEqual(told, [], `${this.name}, ${step}`);
    const { scrollWidth, clientWidth } = await page.evaluate(() => ({
      scrollWidth: document.documentElement.scrollWidth,
      clientWidth: document.documentElement.clientWidth,
    }));
    assert.ok(scrollWidth <= clientWidth, `${this.name}, ${step} scrolls sideways`);
  }

  async photograph(step) {
    await mkdir(this.folder, { recursive: true });
    this.#steps += 1;
    await this.page.screenshot({ path: join(this.folder, `${this.name}-${this.#steps}-${step}.png`) });
  }

  /** The text in the QR code, read from the picture of it. */
  async readQr(name = "QR code of the invoice") {
    const picture = await this.page.getByRole("img", { name }).screenshot();
    const { data, width, height } = PNG.sync.read(picture);
    return jsQR(new Uint8ClampedArray(data), width, height)?.data;
  }

  /** The figure that a term of a definition list stands for. */
  async figure(term) {
    const text = await this.page.locator(`dt:text-is("${term}") + dd`).innerText();
    return text.replace(/\s+/g, " ").trim();
  }

  async figures(...terms) {
    const found = {};
    for (const term of terms) found[term] = await this.figure(term);
    return found;
  }

  /** The lines of the ledger, without its head. */
  async ledger() {
    const rows = await this.page.getByRole("row").all();
    const texts = await Promise.all(rows.slice(1).map((row) => row.locator("th, td").allInnerTexts()));
    return texts.map((cells) => cells.map((cell) => cell.trim()));
  }
}
