import getURL from "discourse/lib/get-url";

export async function clipboardCopy(text) {
  await navigator.clipboard.writeText(text);
}

export function prefersReducedMotion() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

export function escapeExpression(string) {
  const span = document.createElement("span");
  span.textContent = string ?? "";
  return span.innerHTML.replace(/"/g, "&quot;").replace(/'/g, "&#39;");
}

export function avatarUrl(template, size) {
  return template ? getURL(template).replace("{size}", size) : "";
}

export function formatUsername(username) {
  return username ?? "";
}

export function postUrl(slug, topicId, postNumber) {
  return getURL(`/t/${slug}/${topicId}/${postNumber}`);
}
