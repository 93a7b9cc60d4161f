// One key for each withdrawal that somebody means to make: asking again for the same one
// takes the same key, asking for another one takes a new key.
export default class WithdrawalIntent {
  #key = null;
  #values = null;

  keyFor(values) {
    const text = JSON.stringify(values);
    if (this.#values !== text) {
      this.#key = randomKey();
      this.#values = text;
    }
    return this.#key;
  }

  // It was made, or was refused: to ask for the same again is another one.
  end() {
    this.#key = null;
    this.#values = null;
  }
}

// crypto.randomUUID is there on HTTPS alone.
function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
    ""
  );
}
