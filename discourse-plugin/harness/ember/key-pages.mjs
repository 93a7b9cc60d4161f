// A page for tests with real keys: who has the focus, and the page of a scene.
import path from "node:path";
import { launch, serve } from "./browser.mjs";
import { buildPage } from "./build.mjs";
import { played } from "./scenes.mjs";

const OUT = path.join(import.meta.dirname, "out");

export function nameOfFocused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const [label] = element.labels ?? [];
    return (
      (label?.querySelector("span") ?? label)?.textContent.trim() ||
      element.getAttribute("aria-label") ||
      element.textContent.trim()
    );
  });
}

export default class KeyPages {
  #browser;
  #server;

  async start() {
    if (!process.argv.includes("--no-build")) {
      await buildPage("forum");
    }
    this.#browser = await launch();
  }

  /** The page of one scene, instead of the one before. */
  async open(scene, address) {
    this.#server?.close();
    this.#server = await serve(OUT, played(scene));
    const page = await this.#browser.newPage();
    await page.goto(this.#server.url + address);
    return page;
  }

  async stop() {
    await this.#browser.close();
    this.#server?.close();
  }
}
