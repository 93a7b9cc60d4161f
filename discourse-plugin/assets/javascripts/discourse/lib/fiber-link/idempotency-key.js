// One key for one intended request: the same values keep it, other values get a new one.
export default class IdempotencyKey {
  #key = null;
  #values = null;

  for(values) {
    const text = JSON.stringify(values);
    if (this.#values !== text) {
      this.#key = randomKey();
      this.#values = text;
    }
    return this.#key;
  }

  // What was intended is done, or was refused: to ask for the same again is a new intent.
  forget() {
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
