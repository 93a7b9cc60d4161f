import Route from "@ember/routing/route";
import { service } from "@ember/service";

export default class DiscourseRoute extends Route {
  @service currentUser;

  isCurrentUser(user) {
    return user.id === this.currentUser?.id;
  }
}
