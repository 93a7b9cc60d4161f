import { withPluginApi } from "discourse/lib/plugin-api";
import { i18n } from "discourse-i18n";

export default {
  name: "fiber-link-navigation",

  initialize(owner) {
    const siteSettings = owner.lookup("service:site-settings");
    if (
      !siteSettings.fiber_link_enabled ||
      !siteSettings.fiber_link_leaderboard_enabled
    ) {
      return;
    }

    withPluginApi((api) => {
      api.addCommunitySectionLink(
        {
          name: "fiber-link-leaderboard",
          route: "fiber-link.leaderboard",
          title: i18n("fiber_link.leaderboard.link_title"),
          text: i18n("fiber_link.leaderboard.title"),
          icon: "trophy",
        },
        true
      );
    });
  },
};
