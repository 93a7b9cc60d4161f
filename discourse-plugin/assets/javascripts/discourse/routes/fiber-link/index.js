import { service } from "@ember/service";
import DiscourseRoute from "discourse/routes/discourse";

// Where the earlier plugin had its page: leads to one's own, as the server does.
export default class FiberLinkIndexRoute extends DiscourseRoute {
  @service router;

  beforeModel() {
    if (this.currentUser) {
      this.router.replaceWith("user.fiber-link", this.currentUser.username);
    } else {
      this.router.replaceWith("login");
    }
  }
}
