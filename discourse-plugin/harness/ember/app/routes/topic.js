import { service } from "@ember/service";
import { ajax } from "discourse/lib/ajax";
import DiscourseRoute from "discourse/routes/discourse";
import { registry } from "../../state/plugin-registry";
import PostStream from "../models/post-stream";

export default class TopicRoute extends DiscourseRoute {
  @service messageBus;

  async model({ id }) {
    const topic = await ajax(`/t/${id}.json`);
    return { ...topic, postStream: new PostStream(topic.post_stream.posts) };
  }

  setupController(controller, model) {
    super.setupController(...arguments);
    this.unsubscribe();
    this.channel = `/topic/${model.id}`;
    this.onMessage = (message) =>
      registry.postMessages.get(message.type)?.(controller, message);
    this.messageBus.subscribe(
      this.channel,
      this.onMessage,
      model.message_bus_last_id
    );
  }

  deactivate() {
    super.deactivate(...arguments);
    this.unsubscribe();
  }

  unsubscribe() {
    if (this.channel) {
      this.messageBus.unsubscribe(this.channel, this.onMessage);
      this.channel = null;
    }
  }
}
