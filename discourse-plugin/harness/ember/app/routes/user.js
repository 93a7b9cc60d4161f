import { ajax } from "discourse/lib/ajax";
import DiscourseRoute from "discourse/routes/discourse";

export default class UserRoute extends DiscourseRoute {
  async model({ username }) {
    return (await ajax(`/u/${encodeURIComponent(username)}.json`)).user;
  }
}
