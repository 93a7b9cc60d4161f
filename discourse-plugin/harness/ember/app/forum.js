import "./styles";
import defaults from "virtual:site-settings";
import { ajax } from "discourse/lib/ajax";
import Session from "discourse/models/session";
import { createApplication, startPlugin } from "./application";

async function orNull(request) {
  try {
    return await request;
  } catch {
    return null;
  }
}

function provide(owner, name, value) {
  owner.register(`service:${name}`, { create: () => value });
}

// What Discourse writes into its page is asked for here.
const application = createApplication();
const [session, token, site] = await Promise.all([
  orNull(ajax("/session/current.json")),
  orNull(ajax("/session/csrf.json")),
  orNull(ajax("/site.json")),
]);
Session.currentProp("csrfToken", token?.csrf);

const instance = application.buildInstance();
provide(instance, "site-settings", { ...defaults, ...site?.site_settings });
provide(instance, "current-user", session?.current_user ?? null);
await instance.boot();
startPlugin(instance);
instance.lookup("service:message-bus").start();
instance.startRouting();
document.documentElement.dataset.ready = "true";
