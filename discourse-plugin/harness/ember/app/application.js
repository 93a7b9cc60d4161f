import EmberApplication from "@ember/application";
import Resolver from "ember-resolver";
import { addTo, clearRegistry, registry } from "../state/plugin-registry";
import { eachConnector, initializers, modules } from "./modules";
import Router from "./router";

export function createApplication(options = {}) {
  const router = class extends Router {
    location = options.location ?? "history";
  };
  const resolver = Resolver.withModules({
    ...modules,
    "discourse/router": { default: router },
  });

  class Application extends EmberApplication {
    modulePrefix = "discourse";
    Resolver = resolver;
  }

  return Application.create({
    autoboot: false,
    rootElement: options.rootElement ?? "#app",
  });
}

// What Discourse does with a plugin at its start.
export function startPlugin(owner) {
  clearRegistry();
  globalThis.__discourseOwner = owner;
  eachConnector((outlet, component) =>
    addTo(registry.outlets, outlet, component)
  );
  initializers.forEach((initializer) => initializer.initialize(owner));
}
