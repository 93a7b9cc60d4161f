// Calls `refresh` again and again while `wanted()` says so and the page is looked at.
// It waits longer after each call, up to `longest`, and never has two calls at once.
export default class SlowRefresh {
  #refresh;
  #wanted;
  #first;
  #longest;
  #wait;
  #timer = null;

  constructor({ refresh, wanted, first, longest }) {
    this.#refresh = refresh;
    this.#wanted = wanted;
    this.#first = first;
    this.#longest = longest;
    this.#wait = first;
  }

  start() {
    this.stop();
    this.#wait = this.#first;
    this.#plan();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #plan() {
    if (this.#wanted()) {
      this.#timer = setTimeout(() => this.#tick(), this.#wait);
    }
  }

  async #tick() {
    const timer = this.#timer;
    if (!document.hidden) {
      await this.#refresh();
      this.#wait = Math.min(this.#wait * 1.5, this.#longest);
    }
    if (timer === this.#timer) {
      this.#plan();
    }
  }
}
