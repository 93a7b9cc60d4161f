export default {
  resource: "admin.adminPlugins.show",
  path: "/plugins",
  map() {
    this.route("fiber-link-overview", { path: "overview" });
  },
};
