import { findTip } from "./api";
import failureOf from "./failure-of";
import { isFinal, isLater, isWaiting } from "./tip-state";

const CHANNEL = "/fiber-link/tips";
const SECOND = 1000;
const WAITS = [15, 30, 60, 120];
const AT_MOST_EVERY = 10 * SECOND;

/**
 * Watches one tip until it is settled. The forum says so by its message bus; in case that
 * is late or broken the tip is also asked for, ever more slowly and each time a little
 * later than the last one, so that many open modals do not ask at once.
 */
export default class TipWatch {
  #tip;
  #services;
  #onChange;
  #asked = 0;
  #cancelTimer = null;
  #lastAsked;
  #asking = false;
  #stopped = false;

  #pushed = ({ id, state, settled_at }) => {
    if (id === this.#tip.id) {
      this.#take({ ...this.#tip, state, settled_at });
    }
  };

  #becameVisible = () => {
    const since = this.#services.clock.now() - this.#lastAsked;
    if (document.visibilityState === "visible" && since >= AT_MOST_EVERY) {
      this.#ask();
    }
  };

  /**
   * @param {object} tip
   * @param {{messageBus: any, lastId: number | undefined, clock: any}} services
   * @param {(tip: object) => void} onChange
   */
  constructor(tip, services, onChange) {
    this.#tip = tip;
    this.#services = services;
    this.#onChange = onChange;
    this.#lastAsked = services.clock.now();
  }

  get tip() {
    return this.#tip;
  }

  start() {
    const { messageBus, lastId } = this.#services;
    if (isFinal(this.#tip.state)) {
      return;
    }
    messageBus.subscribe(CHANNEL, this.#pushed, lastId ?? -1);
    document.addEventListener("visibilitychange", this.#becameVisible);
    this.#schedule();
  }

  stop() {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#services.messageBus.unsubscribe(CHANNEL, this.#pushed);
    document.removeEventListener("visibilitychange", this.#becameVisible);
  }

  #schedule(atLeast = 0) {
    this.#cancelTimer?.();
    if (this.#stopped || !isWaiting(this.#tip.state)) {
      return;
    }
    const { clock } = this.#services;
    this.#cancelTimer = clock.after(Math.max(this.#wait(), atLeast), () => {
      this.#asked += 1;
      this.#ask();
    });
  }

  #wait() {
    const last = WAITS.length - 1;
    const wait = WAITS[Math.min(this.#asked, last)] * SECOND;
    return this.#asked === last
      ? wait * (0.5 + this.#services.clock.random())
      : wait;
  }

  // A page that nobody looks at does not ask: it does when it is looked at again.
  async #ask() {
    if (this.#asking || this.#stopped) {
      return;
    }
    let atLeast = 0;
    if (document.visibilityState === "visible") {
      atLeast = await this.#request();
    }
    this.#schedule(atLeast);
  }

  async #request() {
    this.#asking = true;
    this.#lastAsked = this.#services.clock.now();
    try {
      const { tip } = await findTip(this.#tip.id);
      this.#take({ ...this.#tip, ...tip });
    } catch (error) {
      const { kind, waitSeconds = 0 } = failureOf(error);
      if (kind === "not_found") {
        this.stop();
      }
      return waitSeconds * SECOND;
    } finally {
      this.#asking = false;
    }
    return 0;
  }

  #take(tip) {
    if (this.#stopped || !isLater(tip.state, this.#tip.state)) {
      return;
    }
    this.#tip = tip;
    this.#onChange(tip);
    if (isFinal(tip.state)) {
      this.stop();
    } else {
      this.#schedule();
    }
  }
}
