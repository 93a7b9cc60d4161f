import { tracked } from "@glimmer/tracking";
import { makeIdempotencyKey } from "./idempotency-key";

// Withdrawals that were sent, each with its key, until it is known what became of them:
// who asks for the same again sends the same request, under the same key and with the fee
// that was agreed to, and it is made once. With a `storageKey` they outlive a reload.
export default class SentWithdrawals {
  @tracked requests;

  #storageKey;

  constructor(storageKey = null) {
    this.#storageKey = storageKey;
    this.requests = this.#stored();
  }

  find({ asset, amount, destination }) {
    return this.requests.find(
      (request) =>
        request.asset === asset &&
        request.amount === amount &&
        request.destination === destination
    );
  }

  // Answers the request to send for these values.
  begin(values) {
    const known = this.find(values);
    if (known) {
      return known;
    }
    const request = { ...values, idempotency_key: makeIdempotencyKey() };
    this.#keep([...this.requests, request]);
    return request;
  }

  // It was made, or never will be: to ask for the same again is another one.
  end({ idempotency_key }) {
    this.#keep(
      this.requests.filter(
        (request) => request.idempotency_key !== idempotency_key
      )
    );
  }

  #keep(requests) {
    this.requests = requests;
    if (this.#storageKey) {
      try {
        sessionStorage.setItem(this.#storageKey, JSON.stringify(requests));
      } catch {
        // The browser allows no storage, or it is full: they live as long as the page.
      }
    }
  }

  #stored() {
    try {
      const stored = this.#storageKey
        ? JSON.parse(sessionStorage.getItem(this.#storageKey))
        : null;
      return Array.isArray(stored) ? stored.filter(isRequest) : [];
    } catch {
      return [];
    }
  }
}

function isRequest(stored) {
  return ["asset", "amount", "fee", "destination", "idempotency_key"].every(
    (name) => typeof stored?.[name] === "string"
  );
}
