// Items in an order that their positions ask for; where none asks, as they came.
export default class DAG {
  static from(entriesLike) {
    const dag = new DAG();
    for (const [key, value, position] of entriesLike) {
      dag.add(key, value, position);
    }
    return dag;
  }

  #items = new Map();

  add(key, value, position = {}) {
    if (this.#items.has(key)) {
      return false;
    }
    this.#items.set(key, { key, value, position });
    return true;
  }

  delete(key) {
    return this.#items.delete(key);
  }

  replace(key, value, position) {
    const item = this.#items.get(key);
    if (item) {
      this.#items.set(key, { key, value, position: position ?? item.position });
    }
    return Boolean(item);
  }

  has(key) {
    return this.#items.has(key);
  }

  resolve() {
    const placed = [];
    for (const item of this.#items.values()) {
      const indexes = (keys) =>
        [keys ?? []]
          .flat()
          .map((key) => placed.findIndex((other) => other.key === key))
          .filter((index) => index >= 0);
      const before = indexes(item.position.before);
      const after = indexes(item.position.after);
      const place = before.length
        ? Math.min(...before)
        : after.length
          ? Math.max(...after) + 1
          : placed.length;
      placed.splice(place, 0, item);
    }
    return placed;
  }
}
