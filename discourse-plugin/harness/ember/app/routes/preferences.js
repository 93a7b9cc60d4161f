import DiscourseRoute from "discourse/routes/discourse";

export default class PreferencesRoute extends DiscourseRoute {
  model() {
    return this.modelFor("user");
  }
}
