import { trustHTML } from "@ember/template";
import { avatarUrl, escapeExpression } from "discourse/lib/utilities";

const SIZES = { tiny: 24, small: 24, medium: 48, large: 48 };

export function renderAvatar(user, options) {
  const size = SIZES[options?.imageSize] ?? 24;
  const username = escapeExpression(user?.username);
  const url = escapeExpression(avatarUrl(user?.avatar_template, size));
  return `<img alt="" width="${size}" height="${size}" src="${url}" class="avatar" title="${username}" loading="lazy">`;
}

export default function dAvatar(user, params) {
  return trustHTML(renderAvatar(user, params));
}
