import EmberRouter from "@ember/routing/router";
import { routeMaps } from "./modules";

// Maps of the plugin without a resource, or with this one, are drawn here.
function draw(dsl, resource) {
  for (const map of routeMaps) {
    if (typeof map === "function" && !resource) {
      map.call(dsl);
    } else if (resource && map.resource === resource) {
      map.map.call(dsl);
    }
  }
}

export default class Router extends EmberRouter {
  rootURL = "/";
}

Router.map(function () {
  this.route("topic", { path: "/t/:slug/:id" });
  this.route("topic-by-id", { path: "/t/:id" });
  this.route("login");

  this.route("user", { path: "/u/:username" }, function () {
    draw(this, "user");
    this.route("preferences", { resetNamespace: true }, function () {
      this.route("notifications");
      draw(this, "preferences");
      draw(this, "user.preferences");
    });
  });

  this.route("admin", function () {
    this.route(
      "adminPlugins",
      { path: "/plugins", resetNamespace: true },
      function () {
        this.route("show", { path: "/:plugin_id" }, function () {
          draw(this, "admin.adminPlugins.show");
        });
      }
    );
    draw(this, "admin");
  });

  draw(this);
});
