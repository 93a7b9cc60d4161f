import { trustHTML } from "@ember/template";
import icons from "virtual:icons";

// Only icons that Discourse has or that the plugin registers can be drawn.
export default function icon(id, options = {}) {
  if (!icons[id]) {
    throw new Error(`the icon "${id}" is neither in core nor registered`);
  }
  const { viewBox, path } = icons[id];
  const classes = `fa d-icon d-icon-${id} svg-icon ${options.class ?? ""}`;
  return trustHTML(
    `<svg class="${classes.trim()}" viewBox="${viewBox}" aria-hidden="true"><path d="${path}"></path></svg>`
  );
}
