import DiscourseRoute from "discourse/routes/discourse";
import { i18n } from "discourse-i18n";

export default class FiberLinkOverviewRoute extends DiscourseRoute {
  titleToken() {
    return i18n("fiber_link.admin.overview.title");
  }
}
