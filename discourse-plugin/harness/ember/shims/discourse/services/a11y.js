import { tracked } from "@glimmer/tracking";
import Service from "@ember/service";

export default class A11y extends Service {
  @tracked assertiveMessage = "";
  @tracked politeMessage = "";

  announce(message, type = "polite") {
    if (typeof message !== "string") {
      throw new TypeError("announce takes words");
    }
    if (type === "assertive") {
      this.assertiveMessage = message;
    } else if (type === "polite") {
      this.politeMessage = message;
    } else {
      throw new Error(`announce knows polite and assertive, not "${type}"`);
    }
  }
}
