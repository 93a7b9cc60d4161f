import DiscourseRoute from "discourse/routes/discourse";

export default class PreferencesNotificationsRoute extends DiscourseRoute {
  model() {
    return this.modelFor("user");
  }
}
