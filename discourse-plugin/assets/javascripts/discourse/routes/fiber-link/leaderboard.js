import { service } from "@ember/service";
import DiscourseRoute from "discourse/routes/discourse";
import { i18n } from "discourse-i18n";

export default class FiberLinkLeaderboardRoute extends DiscourseRoute {
  @service router;
  @service siteSettings;

  beforeModel() {
    if (!this.siteSettings.fiber_link_leaderboard_enabled) {
      this.router.replaceWith("/404");
    }
  }

  titleToken() {
    return i18n("fiber_link.leaderboard.title");
  }
}
