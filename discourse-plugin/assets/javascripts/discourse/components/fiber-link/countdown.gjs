import Component from "@glimmer/component";
import { tracked } from "@glimmer/tracking";
import { registerDestructor } from "@ember/destroyable";
import { i18n } from "discourse-i18n";
import { browserClock } from "../../lib/fiber-link/clock";

const SECOND = 1000;

function padded(number) {
  return String(number).padStart(2, "0");
}

/**
 * How much time is left, or nothing where nobody can say.
 *
 * @extends {Component<{ Args: { until: string, clock?: any } }>}
 */
export default class FiberLinkCountdown extends Component {
  @tracked secondsLeft = this.#left();

  #cancel = null;

  constructor(...args) {
    // @ts-ignore: the framework's own arguments
    super(...args);
    if (this.secondsLeft > 0) {
      this.#tick();
    }
    registerDestructor(this, () => this.#cancel?.());
  }

  get clock() {
    return this.args.clock ?? browserClock;
  }

  get isKnown() {
    return Number.isFinite(this.secondsLeft);
  }

  get time() {
    const hours = Math.floor(this.secondsLeft / 3600);
    const minutes = Math.floor(this.secondsLeft / 60) % 60;
    const seconds = padded(this.secondsLeft % 60);
    return hours > 0
      ? `${hours}:${padded(minutes)}:${seconds}`
      : `${minutes}:${seconds}`;
  }

  #left() {
    const milliseconds = Date.parse(this.args.until) - this.clock.now();
    return Math.max(0, Math.ceil(milliseconds / SECOND));
  }

  #tick() {
    this.#cancel = this.clock.after(SECOND, () => {
      this.secondsLeft = this.#left();
      if (this.secondsLeft > 0) {
        this.#tick();
      }
    });
  }

  <template>
    {{#if this.isKnown}}
      <p class="fiber-link-countdown" role="timer">{{i18n
          "fiber_link.tip.invoice.time_left"
          time=this.time
        }}</p>
    {{/if}}
  </template>
}
