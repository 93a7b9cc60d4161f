import { tracked } from "@glimmer/tracking";
import { i18n } from "discourse-i18n";
import { AmountError, checkAmount } from "./amount";

export const LONGEST_MESSAGE = 280;

/** What somebody has entered so far, and what is wrong with it. */
export default class TipDraft {
  @tracked asset = null;
  @tracked amount = "";
  @tracked message = "";
  @tracked anonymous = false;
  @tracked errors = {};

  #quickAmounts;
  #isAmountPicked = false;

  /**
   * @param {{asset: string, decimals: number, minimum?: string, maximum?: string}[]} assets
   * @param {string[]} quickAmounts
   */
  constructor(assets, quickAmounts) {
    this.assets = assets;
    this.asset = assets[0].asset;
    this.#quickAmounts = quickAmounts;
    this.pick(this.quickAmounts[0] ?? "");
  }

  get quickAmounts() {
    return this.#quickAmounts.filter((amount) => this.#isValid(amount));
  }

  get limits() {
    return this.assets.find(({ asset }) => asset === this.asset);
  }

  // As the server counts: an emoji is one character.
  get messageLength() {
    return [...this.message].length;
  }

  get charactersLeft() {
    return LONGEST_MESSAGE - this.messageLength;
  }

  change(field, value) {
    this[field] = value;
    if (field === "asset") {
      this.#forgetPickedAmount();
    }
    if (field === "amount") {
      this.#isAmountPicked = false;
    }
    const corrected = field === "asset" ? ["asset", "amount"] : [field];
    this.errors = Object.fromEntries(
      Object.entries(this.errors).filter(([name]) => !corrected.includes(name))
    );
  }

  /** Takes an amount from a button, which was offered for the chosen asset alone. */
  pick(amount) {
    this.change("amount", amount);
    this.#isAmountPicked = true;
  }

  /** Takes what a tip says. @returns whether its asset may still be tipped. */
  fill({ asset, amount, message, anonymous }) {
    const isOffered = this.assets.some((one) => one.asset === asset);
    this.asset = isOffered ? asset : this.asset;
    this.amount = isOffered ? amount : "";
    this.message = message ?? "";
    this.anonymous = Boolean(anonymous);
    this.errors = {};
    this.#isAmountPicked = false;
    return isOffered;
  }

  #forgetPickedAmount() {
    if (this.#isAmountPicked) {
      this.amount = "";
    }
  }

  addError(field, words) {
    this.errors = { ...this.errors, [field]: words };
  }

  /** @returns the tip to ask for, or null after writing down what is wrong. */
  check() {
    this.errors = {};
    const amount = this.#checkedAmount();
    if (this.charactersLeft < 0) {
      const count = -this.charactersLeft;
      this.addError("message", i18n("fiber_link.tip.form.too_long", { count }));
    }
    return Object.keys(this.errors).length === 0
      ? {
          asset: this.asset,
          amount,
          message: this.message.trim(),
          anonymous: this.anonymous,
        }
      : null;
  }

  #checkedAmount() {
    try {
      return checkAmount(this.amount, this.limits);
    } catch (error) {
      if (!(error instanceof AmountError)) {
        throw error;
      }
      this.addError("amount", error.words);
    }
  }

  #isValid(amount) {
    try {
      return Boolean(checkAmount(amount, this.limits));
    } catch {
      return false;
    }
  }
}
