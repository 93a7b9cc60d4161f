// `crypto.randomUUID` is missing where a forum is not served over HTTPS.
function fromRandomBytes() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
    ""
  );
}

export function makeIdempotencyKey() {
  return crypto.randomUUID?.() ?? fromRandomBytes();
}

/**
 * One key for each tip that somebody means to give: asking again for the same tip takes
 * the same key, asking for another one takes a new key.
 */
export class TipIntent {
  #asked = null;

  keyFor(tip) {
    const what = JSON.stringify([
      tip.post_id,
      tip.asset,
      tip.amount,
      tip.message,
      tip.anonymous,
    ]);
    if (this.#asked?.what !== what) {
      this.#asked = { what, key: makeIdempotencyKey() };
    }
    return this.#asked.key;
  }

  /** The tip was made, or will never be: the next one is another. */
  end() {
    this.#asked = null;
  }
}
