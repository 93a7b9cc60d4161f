import { tracked } from "@glimmer/tracking";
import { compareAmounts } from "./amount";
import { isDecimal } from "./decimal";
import failureOf from "./failure-of";
import SentWithdrawals from "./sent-withdrawals";
import { createWithdrawal, quoteWithdrawal } from "./wallet-api";

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
  #sent;
  #account;

  // `account` is one that was merged into one's own, and undefined for one's own.
  constructor(asset, sent = new SentWithdrawals(), account = undefined) {
    this.asset = asset;
    this.#sent = sent;
    this.#account = account;
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

  // What can be sent was sent before, and nobody knows whether it was made.
  get isUnclear() {
    return this.canBeSent && Boolean(this.#sent.find(this.#values));
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
        account: this.#account,
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
    const wasUnclear = this.isUnclear;
    // Kept from now on: the page may be gone before the answer comes.
    const request = this.#sent.begin(this.#values);

    this.isSending = true;
    this.failure = null;
    this.earlierFee = null;
    try {
      const { withdrawal } = await createWithdrawal({
        ...request,
        account: this.#account,
      });
      this.#sent.end(request);
      return withdrawal;
    } catch (error) {
      await this.#notAccepted(failureOf(error), request, wasUnclear);
      return null;
    } finally {
      this.isSending = false;
    }
  }

  get #values() {
    const { asset, amount, fee } = this.quote;
    return { asset, amount, fee, destination: this.destination };
  }

  async #notAccepted(failure, request, wasUnclear) {
    const isUndecided = wasUnclear && !isAboutTheWithdrawal(failure);
    if (failure.kind !== "unavailable" && !isUndecided) {
      this.#sent.end(request);
    }
    if (failure.kind === "refused") {
      await this.askForQuote();
      if (this.#hasOtherFee(request.fee)) {
        this.earlierFee = request.fee;
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

// Only such a refusal says what became of a request that was sent before under the same
// key: who is paused, asks too often or is not let in is turned away without a look at it.
function isAboutTheWithdrawal({ kind, reason }) {
  return kind === "refused" && reason !== "paused";
}
