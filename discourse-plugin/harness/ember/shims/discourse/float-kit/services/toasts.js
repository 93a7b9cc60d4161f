import { tracked } from "@glimmer/tracking";
import Service from "@ember/service";

export default class Toasts extends Service {
  @tracked activeToasts = [];

  show(options) {
    this.activeToasts = [...this.activeToasts, { options }];
  }

  success(options) {
    this.show({ ...options, data: { ...options.data, theme: "success" } });
  }

  error(options) {
    this.show({ ...options, data: { ...options.data, theme: "error" } });
  }
}
