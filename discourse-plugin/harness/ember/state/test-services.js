// Puts a user and site settings in place for one test.
import defaults from "virtual:site-settings";
import Session from "discourse/models/session";

export const EVILTROUT = {
  id: 19,
  username: "eviltrout",
  name: "Robin Ward",
  avatar_template: "/letter_avatar_proxy/v4/letter/e/aaa/{size}.png",
};

function serviceOf(value) {
  return class {
    static isServiceFactory = true;

    static create() {
      return value;
    }
  };
}

function replace(owner, name, value) {
  owner.unregister(`service:${name}`);
  // Nobody is null, and Ember keeps no null as a singleton.
  owner.register(`service:${name}`, serviceOf(value), { singleton: false });
}

export function prepare(owner, { user, settings }) {
  const siteSettings = { ...defaults, ...settings };
  replace(owner, "site-settings", siteSettings);
  replace(owner, "current-user", user);
  Session.currentProp("csrfToken", "csrf-of-the-test");
  globalThis.__discourseOwner = owner;
  return { siteSettings, currentUser: user };
}
