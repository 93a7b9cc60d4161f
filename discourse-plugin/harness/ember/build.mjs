import { build } from "vite";
import { configuration } from "./vite.config.mjs";

export function buildPage(page) {
  return build(configuration(page));
}

if (process.argv[1] === import.meta.filename) {
  const pages = process.argv.slice(2);
  for (const page of pages.length ? pages : ["forum", "tests"]) {
    await buildPage(page);
  }
}
