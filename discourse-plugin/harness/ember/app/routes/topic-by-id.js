import TopicRoute from "./topic";

export default class TopicByIdRoute extends TopicRoute {
  controllerName = "topic";
  templateName = "topic";
}
