import { tracked } from "@glimmer/tracking";
import { compareAmounts } from "./amount";
import { isDecimal } from "./decimal";
import failureOf from "./failure-of";
import { createWithdrawal, quoteWithdrawal } from "./wallet-api";
import WithdrawalIntent from "./withdrawal-intent";

// A withdrawal as it is being written: what was entered, the newest quote for it, and
// the one request that it ends in.
export default class WithdrawalDraft {
  @tracked asset;
  @tracked destination = "";
  @tracked amount = "";
  // The amount was entered, and not taken from the invoice.
  @tracked isAmountEntered = false;

  @tracked quote = null;
  // The quote is for what is entered now.
  @tracked isQuoteCurrent = false;
  @tracked isQuoting = false;
  @tracked isSending = false;
  @tracked failure = null;
  // The fee that was shown before it changed.
  @tracked earlierFee = null;

  #asked = 0;
  #intent = new WithdrawalIntent();

  constructor(asset) {
    this.asset = asset;
  }

  get isAmountWellFormed() {
    return !this.isAmountEntered || isDecimal(this.amount);
  }

  get canBeQuoted() {
    return Boolean(this.asset && this.destination) && this.isAmountWellFormed;
  }

  get canBeSent() {
    return (
      this.isQuoteCurrent &&
      this.quote?.valid === true &&
      isDecimal(this.quote.amount) &&
      isDecimal(this.quote.fee) &&
      !this.isQuoting &&
      !this.isSending
    );
  }

  changeAsset(asset) {
    this.asset = asset;
    this.#changed();
    this.#forgetFilledAmount();
  }

  // An invoice has no blanks; those in it come from how it was copied.
  changeDestination(destination) {
    this.destination = (destination ?? "").replace(/\s+/g, "");
    this.#changed();
    this.#forgetFilledAmount();
  }

  changeAmount(amount) {
    this.amount = (amount ?? "").trim();
    this.isAmountEntered = this.amount !== "";
    this.#changed();
  }

  // Only the answer to the newest question counts, whichever comes last.
  async askForQuote() {
    const asked = ++this.#asked;
    this.isQuoteCurrent = false;
    if (!this.canBeQuoted) {
      this.isQuoting = false;
      this.quote = null;
      return;
    }

    this.isQuoting = true;
    let quote = null;
    let failure = null;
    try {
      ({ quote } = await quoteWithdrawal({
        asset: this.asset,
        amount: this.isAmountEntered ? this.amount : null,
        destination: this.destination,
      }));
    } catch (error) {
      failure = failureOf(error);
    }

    if (asked === this.#asked) {
      this.isQuoting = false;
      this.#take(quote, failure);
    }
  }

  // Answers the withdrawal, or null if there is none: it was refused, nobody knows, or
  // this was the second click.
  async send() {
    if (!this.canBeSent) {
      return null;
    }
    const values = {
      asset: this.quote.asset,
      amount: this.quote.amount,
      fee: this.quote.fee,
      destination: this.destination,
    };

    this.isSending = true;
    this.failure = null;
    this.earlierFee = null;
    try {
      const { withdrawal } = await createWithdrawal({
        ...values,
        idempotency_key: this.#intent.keyFor(values),
      });
      this.#intent.end();
      return withdrawal;
    } catch (error) {
      await this.#notAccepted(failureOf(error), values.fee);
      return null;
    } finally {
      this.isSending = false;
    }
  }

  async #notAccepted(failure, fee) {
    if (failure.kind === "unavailable") {
      this.failure = failure;
      return;
    }
    this.#intent.end();
    if (failure.kind === "refused") {
      await this.askForQuote();
      if (this.#hasOtherFee(fee)) {
        this.earlierFee = fee;
        return;
      }
    }
    this.failure = failure;
  }

  #hasOtherFee(fee) {
    return (
      this.isQuoteCurrent &&
      isDecimal(this.quote.fee) &&
      compareAmounts(this.quote.fee, fee) !== 0
    );
  }

  #changed() {
    this.#asked++;
    this.isQuoting = false;
    this.isQuoteCurrent = false;
    this.failure = null;
    this.earlierFee = null;
  }

  #forgetFilledAmount() {
    if (!this.isAmountEntered) {
      this.amount = "";
    }
  }

  #take(quote, failure) {
    this.quote = quote;
    this.failure = failure;
    this.isQuoteCurrent = quote !== null;
    if (quote !== null && !this.isAmountEntered) {
      this.amount = quote.amount ?? "";
    }
  }
}
