import { tracked } from "@glimmer/tracking";
import { createTip, findOpenTip, findTipOptions } from "./api";
import { TipIntent } from "./idempotency-key";
import TipDraft from "./tip-draft";
import TipWatch from "./tip-watch";

/**
 * One way from the wish to tip to its end. `stage` is `loading`, `form`, `tip` (then the
 * tip's own state counts), `unavailable` (nobody knows whether the tip was made) or
 * `refused` (nothing can be tipped here).
 */
export default class TipSession {
  @tracked stage = "loading";
  @tracked tip = null;
  @tracked draft = null;
  @tracked error = null;
  @tracked isBusy = false;
  @tracked isTimeUp = false;

  #intent = new TipIntent();
  #watch = null;
  #cancelTimer = null;
  #lastId;
  /** @type {() => Promise<any>} */
  #again = () => this.load();
  #ended = false;
  #isRunning = false;

  /**
   * @param {{id: number}} post
   * @param {{messageBus: any, clock: any, quickAmounts: string[], onChange: () => void}} services
   */
  constructor(post, services) {
    this.post = post;
    this.services = services;
  }

  /** Finds the tip that is still open, and what may be tipped. */
  async load() {
    await this.#once(async () => {
      this.stage = "loading";
      const [{ tip }, options] = await Promise.all([
        findOpenTip(this.post.id),
        findTipOptions(this.post.id),
      ]);
      this.#lastId = options.message_bus_last_id;
      this.draft = new TipDraft(options.assets, this.services.quickAmounts);
      if (tip) {
        this.#show(tip);
      } else {
        this.stage = "form";
      }
    });
    if (this.error && this.error.kind !== "unavailable") {
      this.stage = "refused";
    }
  }

  /** Asks for an invoice, if the form holds a tip. @returns whether it did. */
  async send() {
    const wanted = this.draft.check();
    if (!wanted) {
      return false;
    }
    const data = { post_id: this.post.id, ...wanted };
    await this.#once(async () => {
      this.#again = () => this.send();
      const idempotency_key = this.#intent.keyFor(data);
      const { tip } = await createTip({ ...data, idempotency_key });
      this.#intent.end();
      this.#show(tip);
    });
    return true;
  }

  retry() {
    return this.#again();
  }

  change() {
    this.error = null;
    this.stage = this.draft ? "form" : this.stage;
  }

  /** Another invoice for the same tip, whose own has expired or failed. */
  async renew() {
    const { asset, amount, message, anonymous } = this.tip;
    Object.assign(this.draft, {
      asset,
      amount,
      message: message ?? "",
      anonymous: Boolean(anonymous),
    });
    if (!(await this.send())) {
      this.stage = "form";
    }
  }

  end() {
    this.#ended = true;
    this.#watch?.stop();
    this.#cancelTimer?.();
  }

  #show(tip) {
    this.#watch?.stop();
    this.tip = tip;
    this.stage = "tip";
    if (this.#ended) {
      return;
    }
    this.#waitForEnd(tip);
    const { messageBus, clock, onChange } = this.services;
    const services = { messageBus, clock, lastId: this.#lastId };
    this.#watch = new TipWatch(tip, services, (changed) => {
      this.tip = changed;
      this.stage = "tip";
      onChange?.();
    });
    this.#watch.start();
  }

  // By the clock here, which may be wrong: it says nothing about the payment.
  #waitForEnd({ expires_at }) {
    const { clock, onChange } = this.services;
    const left = Date.parse(expires_at) - clock.now();
    this.#cancelTimer?.();
    this.isTimeUp = left <= 0;
    if (left > 0) {
      this.#cancelTimer = clock.after(left, () => {
        this.isTimeUp = true;
        onChange?.();
      });
    }
  }

  // One request at a time, however often the button is pressed.
  async #once(callback) {
    if (this.#isRunning) {
      return;
    }
    this.#isRunning = true;
    this.isBusy = true;
    this.error = null;
    try {
      await callback();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isRunning = false;
      this.isBusy = false;
    }
  }

  #failed(error) {
    if (!error.kind) {
      throw error;
    }
    this.error = error;
    if (error.kind === "unavailable") {
      this.stage = "unavailable";
      return;
    }
    if (error.reason === "idempotency_conflict") {
      this.#intent.end();
    }
    error.fields.forEach(({ field, message }) =>
      this.draft?.addError(field, message)
    );
    this.stage = "form";
  }
}
