// Puts a user and site settings in place for one test.
import defaults from "virtual:site-settings";
import Session from "discourse/models/session";

export const EVILTROUT = {
  id: 19,
  username: "eviltrout",
  name: "Robin Ward",
  avatar_template: "/letter_avatar_proxy/v4/letter/e/aaa/{size}.png",
};

// Not a singleton: the container cannot take down a visitor, who is null.
function replace(owner, name, value) {
  owner.unregister(`service:${name}`);
  owner.register(
    `service:${name}`,
    { create: () => value },
    { singleton: false }
  );
}

export function prepare(owner, { user, settings }) {
  const siteSettings = { ...defaults, ...settings };
  replace(owner, "site-settings", siteSettings);
  replace(owner, "current-user", user);
  Session.currentProp("csrfToken", "csrf-of-the-test");
  globalThis.__discourseOwner = owner;
  return { siteSettings, currentUser: user };
}
