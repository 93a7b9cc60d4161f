import DiscourseRoute from "discourse/routes/discourse";

export default class AdminPluginsShowRoute extends DiscourseRoute {
  model({ plugin_id }) {
    return { id: plugin_id, name: plugin_id };
  }
}
