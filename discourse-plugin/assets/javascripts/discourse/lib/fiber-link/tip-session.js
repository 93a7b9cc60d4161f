import { tracked } from "@glimmer/tracking";
import { i18n } from "discourse-i18n";
import { ApiError, createTip, findOpenTip, findTipOptions } from "./api";
import failureOf from "./failure-of";
import { TipIntent } from "./idempotency-key";
import TipDraft from "./tip-draft";
import { isFinal } from "./tip-state";
import TipWatches from "./tip-watches";

/**
 * One way from the wish to tip to its end. `stage` is `loading`, `form`, `tip` (then the
 * tip's own state counts), `unavailable` (nobody knows whether the tip was made) or
 * `refused` (nothing can be tipped here).
 *
 * Whoever asks for another invoice may have paid the one before: all of them are watched,
 * and the first that is settled is what is shown.
 */
export default class TipSession {
  @tracked stage = "loading";
  @tracked tip = null;
  @tracked draft = null;
  @tracked error = null;
  @tracked isBusy = false;
  @tracked isTimeUp = false;
  // The tip that is settled is not the one that was asked for last.
  @tracked isEarlier = false;
  // An earlier invoice that can still be paid, though another one is being asked for.
  @tracked isReplacing = false;

  #intent = new TipIntent();
  #watches;
  #cancelTimer = null;
  #options = null;
  /** @type {() => Promise<any>} */
  #again = () => this.load();
  #hasSent = false;
  #ended = false;
  #isRunning = false;

  /**
   * @param {{id: number}} post
   * @param {{messageBus: any, clock: any, quickAmounts: string[], onChange: () => void}} services
   */
  constructor(post, services) {
    this.post = post;
    this.services = services;
    this.#watches = new TipWatches(services, (changed) =>
      this.#changed(changed)
    );
  }

  get isSettled() {
    return isFinal(this.tip?.state);
  }

  /** A tip that was asked for may be asked for otherwise, until it is paid. */
  get canChange() {
    return this.stage === "unavailable"
      ? this.#hasSent
      : this.stage === "tip" && this.tip.state === "open";
  }

  /** Finds the tip that is still open, and what may be tipped. */
  async load() {
    await this.#once(async () => {
      this.stage = "loading";
      const options = this.#readOptions();
      const { tip } = await findOpenTip(this.post.id);
      if (tip) {
        this.#show(tip);
      } else {
        await options;
        this.stage = "form";
      }
    });
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
      this.#hasSent = true;
      const { tip } = await this.#create(data);
      this.#intent.end();
      this.isReplacing = false;
      this.#show(tip);
    });
    return true;
  }

  retry() {
    return this.#again();
  }

  /** Back to the form, with what the tip says if there is one already. */
  async change() {
    if (this.stage !== "tip") {
      this.error = null;
      this.stage = "form";
    } else if (await this.#fillIn()) {
      this.isReplacing = this.tip.state === "open";
      this.stage = "form";
    }
  }

  /** Another invoice for the same tip, whose own has expired or failed. */
  async renew() {
    if (!(await this.#fillIn())) {
      return;
    }
    if (this.error || !(await this.send())) {
      this.isReplacing = this.tip.state === "open";
      this.stage = "form";
    }
  }

  end() {
    this.#ended = true;
    this.#watches.stop();
    this.#cancelTimer?.();
  }

  async #create(data) {
    try {
      return await this.#createOnce(data);
    } catch (error) {
      // The key stands for another tip: nothing was made of this one.
      if (error.reason === "idempotency_conflict") {
        this.#intent.end();
        return this.#createOnce(data);
      }
      throw error;
    }
  }

  #createOnce(data) {
    const idempotency_key = this.#intent.keyFor(data);
    return createTip({ ...data, idempotency_key });
  }

  // Only the form needs them: an open tip is shown without. Who needs them waits for what
  // is answered here, and hears there why they did not come.
  #readOptions() {
    const options = this.#askForOptions();
    this.#options = options;
    options.catch((error) => {
      this.#options = null;
      failureOf(error);
    });
    return options;
  }

  async #askForOptions() {
    const { assets, message_bus_last_id } = await findTipOptions(this.post.id);
    this.#watches.begin(message_bus_last_id);
    if (!Array.isArray(assets) || assets.length === 0) {
      const words = i18n("fiber_link.tip.nothing_to_tip_with");
      throw new ApiError("refused", { words });
    }
    this.draft = new TipDraft(assets, this.services.quickAmounts);
  }

  // What the tip says goes into the form. @returns whether there is one.
  async #fillIn() {
    if (!this.draft) {
      await this.#once(() => this.#options ?? this.#readOptions());
    }
    if (!this.draft || this.#isRunning || this.isSettled) {
      return false;
    }
    this.error = null;
    if (!this.draft.fill(this.tip)) {
      const { asset } = this.tip;
      const words = i18n("fiber_link.tip.form.not_offered", { asset });
      this.error = new ApiError("refused", { words });
    }
    return true;
  }

  #show(tip) {
    // While this one was asked for, an earlier one was paid.
    if (this.isSettled) {
      this.isEarlier = true;
      return;
    }
    this.tip = tip;
    this.stage = "tip";
    if (!this.#ended) {
      this.#waitForEnd(tip);
      this.#watches.add(tip);
    }
  }

  #changed(changed) {
    const isShown = changed.id === this.tip.id;
    if (this.isSettled) {
      return;
    }
    if (isFinal(changed.state)) {
      this.#settled(changed, isShown);
    } else if (isShown) {
      this.tip = changed;
      this.isReplacing = false;
      this.#tell();
    }
  }

  #settled(tip, isShown) {
    this.isEarlier = !isShown || this.stage === "unavailable";
    this.tip = tip;
    this.stage = "tip";
    this.error = null;
    this.#watches.stop();
    this.#cancelTimer?.();
    this.#tell();
  }

  #tell() {
    if (this.stage === "tip") {
      this.services.onChange?.();
    }
  }

  // By the clock here, which may be wrong: it says nothing about the payment.
  #waitForEnd({ expires_at }) {
    const { clock } = this.services;
    const left = Date.parse(expires_at) - clock.now();
    this.#cancelTimer?.();
    this.isTimeUp = left <= 0;
    if (left > 0) {
      this.#cancelTimer = clock.after(left, () => {
        this.isTimeUp = true;
        this.#tell();
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
      this.#failed(failureOf(error));
    } finally {
      this.#isRunning = false;
      this.isBusy = false;
    }
  }

  #failed(error) {
    if (this.isSettled) {
      return;
    }
    this.error = error;
    if (!this.draft && this.tip) {
      return;
    }
    if (error.kind === "unavailable") {
      this.stage = "unavailable";
    } else if (!this.draft || this.stage === "loading") {
      this.stage = "refused";
    } else {
      this.#refused(error);
    }
  }

  #refused(error) {
    // A tip that was refused keeps its key there: the same wish is another one now.
    if (["refused", "idempotency_conflict"].includes(error.reason)) {
      this.#intent.end();
    }
    error.fields.forEach(({ field, message }) =>
      this.draft.addError(field, message)
    );
    this.stage = "form";
  }
}
