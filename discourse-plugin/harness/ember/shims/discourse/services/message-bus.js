import { MessageBus } from "../../../state/message-bus";

export default class MessageBusService {
  static isServiceFactory = true;

  static create() {
    return new MessageBus();
  }
}
