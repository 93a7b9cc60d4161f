import { withPluginApi } from "discourse/lib/plugin-api";

const PLUGIN_ID = "fiber-link";

export default {
  name: "fiber-link-admin-nav",

  initialize(owner) {
    if (!owner.lookup("service:current-user")?.admin) {
      return;
    }

    withPluginApi((api) => {
      api.setAdminPluginIcon(PLUGIN_ID, "bolt");
      api.addAdminPluginConfigurationNav(PLUGIN_ID, [
        {
          label: "fiber_link.admin.overview.title",
          route: "adminPlugins.show.fiber-link-overview",
        },
      ]);
    });
  },
};
