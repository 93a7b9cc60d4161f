import { tracked } from "@glimmer/tracking";
import Service from "@ember/service";

export default class ModalService extends Service {
  @tracked activeModal = null;
  @tracked opts = {};
  triggerElement = null;

  show(modal, opts = {}) {
    this.close();
    this.triggerElement = document.activeElement;
    this.opts = opts;
    return new Promise((resolve) => {
      this.activeModal = { component: modal, opts, resolve };
    });
  }

  close(data) {
    const closed = this.activeModal;
    if (!closed) {
      return;
    }
    this.activeModal = null;
    closed.resolve(data);
    const element = this.triggerElement;
    queueMicrotask(() => element?.isConnected && element.focus());
  }
}
