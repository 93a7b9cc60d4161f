import TipWatch from "./tip-watch";

/** Watches all the tips that somebody has asked for in a row. */
export default class TipWatches {
  #services;
  #onChange;
  #lastId;
  #watches = new Map();
  #stopped = false;

  /**
   * @param {{messageBus: any, clock: any}} services
   * @param {(tip: any) => void} onChange
   */
  constructor({ messageBus, clock }, onChange) {
    this.#services = { messageBus, clock };
    this.#onChange = onChange;
  }

  /** Nothing that was pushed since this message is missed, for tips shown before as well. */
  begin(lastId) {
    this.#lastId = lastId;
    [...this.#watches.values()].forEach(({ tip }) => this.add(tip));
  }

  add(tip) {
    if (this.#stopped) {
      return;
    }
    this.#watches.get(tip.id)?.stop();
    const services = { ...this.#services, lastId: this.#lastId };
    const watch = new TipWatch(tip, services, this.#onChange);
    this.#watches.set(tip.id, watch);
    watch.start();
  }

  stop() {
    this.#stopped = true;
    this.#watches.forEach((watch) => watch.stop());
  }
}
