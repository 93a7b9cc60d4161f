import { trustHTML } from "@ember/template";
import { longDate, relativeAge } from "discourse/lib/formatter";
import { escapeExpression } from "discourse/lib/utilities";

export default function dFormatDate(val) {
  const time = new Date(val).getTime();
  const title = escapeExpression(longDate(val));
  const words = escapeExpression(relativeAge(val));
  return trustHTML(
    `<span class="relative-date" title="${title}" data-time="${time}" data-format="tiny">${words}</span>`
  );
}
