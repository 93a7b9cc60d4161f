// Pictures of each state of the modal and of a topic, at phone and desk width, light and
// dark, with the forum played from here; axe looks at each of them too.
// `screenshots.mjs <folder> <name>` says where they go, and takes only the states whose
// names begin with the second word.
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { launch, serve } from "./browser.mjs";
import { buildPage } from "./build.mjs";
import { pageScenes } from "./page-scenes.mjs";
import { played, scenes } from "./scenes.mjs";

const folder = path.resolve(
  process.argv.slice(2).find((arg) => !arg.startsWith("--")) ??
    path.join(import.meta.dirname, "out/screenshots")
);
const [, beginning = ""] = process.argv
  .slice(2)
  .filter((arg) => !arg.startsWith("--"));
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const WIDTHS = { phone: 390, desk: 1280 };

async function readyPage(browser, address, scene, width, colorScheme) {
  const page = await browser.newPage({
    viewport: { width, height: 844 },
    colorScheme,
  });
  page.on("pageerror", (error) => {
    process.exitCode = 1;
    console.log(`page: ${error.message}`);
  });
  const { url = "/t/a-topic/1", ready = ".topic-post" } = scene;
  await page.goto(address + url);
  await page.waitForSelector("html[data-ready]");
  await page.waitForSelector(ready);
  return page;
}

// Only what the plugin draws: the page around it is not ours.
async function violations(page) {
  await page.addScriptTag({ path: AXE });
  return page.evaluate(async () => {
    const ours = [
      ".d-modal",
      ".fiber-link-post-tips",
      ".post-action-menu__fiber-link-tip",
      ".fiber-link-wallet-page",
      ".fiber-link-leaderboard",
      ".fiber-link-preferences-section",
      ".fiber-link-admin-overview",
    ].join(", ");
    if (!document.querySelector(ours)) {
      return [];
    }
    const found = await globalThis.axe.run({ include: ours });
    return found.violations.map(
      ({ id, help, nodes }) => `${id}: ${help} (${nodes[0].html})`
    );
  });
}

if (!process.argv.includes("--no-build")) {
  await buildPage("forum");
}
await mkdir(folder, { recursive: true });
const browser = await launch();
const out = path.join(import.meta.dirname, "out");
try {
  for (const [name, scene] of Object.entries({
    ...scenes,
    ...pageScenes,
  })) {
    if (!name.startsWith(beginning)) {
      continue;
    }

    for (const [place, width] of Object.entries(WIDTHS)) {
      for (const scheme of ["light", "dark"]) {
        const server = await serve(out, played(scene));
        const page = await readyPage(browser, server.url, scene, width, scheme);
        await scene.act?.(page);
        await page.waitForTimeout(100);
        const file = `${name}-${place}-${scheme}.png`;
        await page.screenshot({
          path: path.join(folder, file),
          fullPage: Boolean(scene.url),
        });
        for (const violation of await violations(page)) {
          process.exitCode = 1;
          console.log(`${file}: ${violation}`);
        }
        await page.close();
        server.close();
      }
    }
  }
} finally {
  await browser.close();
}
