import { service } from "@ember/service";
import DiscourseRoute from "discourse/routes/discourse";
import { i18n } from "discourse-i18n";

// Only one's own page: a wallet is nobody else's business.
export default class UserFiberLinkRoute extends DiscourseRoute {
  @service router;

  model() {
    return this.modelFor("user");
  }

  afterModel(user) {
    if (!this.isCurrentUser(user)) {
      this.router.replaceWith("user", user);
    }
  }

  titleToken() {
    return i18n("fiber_link.wallet.title");
  }
}
